package access

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon/iam"
)

// escalationCase is an entry of testdata/escalations.yaml: a world in which the
// user "start" has exactly what a technique needs.
type escalationCase struct {
	ID    string
	Start struct { // "user" as a rule
		Kind       string
		Groups     []string
		Managed    []string
		Boundary   string
		Trust      string
		Properties string
	}
	May    []string // "action resource", one statement each
	Things []worldThing
	Gains  string   // name of who is gained; "start" for itself
	How    string   // elevated, …
	Never  []string // names of roles that are there and must not be gained
	Twins  []struct {
		Name    string
		May     []string     // instead
		Replace []worldThing // things of the same type and id instead
		Drop    []string     // ids of things that are not there
	}
}

type worldThing struct {
	Type, ID, ARN, Account string
	Properties, Observed   map[string]any
}

const escalationAdmin = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func readEscalationCases(t *testing.T) []escalationCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/escalations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []escalationCase
	d := yaml.NewDecoder(strings.NewReader(string(raw)))
	d.KnownFields(true)
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (w worldThing) thing(t *testing.T) thing {
	t.Helper()
	props, err := json.Marshal(w.Properties)
	if err != nil {
		t.Fatal(err)
	}
	out := thing{typ: w.Type, id: w.ID, arn: w.ARN, account: w.Account, properties: string(props)}
	if w.Observed != nil {
		observed, err := json.Marshal(w.Observed)
		if err != nil {
			t.Fatal(err)
		}
		out.observed = string(observed)
	}
	return out
}

// statements makes a policy of "action resource" lines; a leading "!" denies.
func statements(may []string) string {
	var list []string
	for _, line := range may {
		effect := "Allow"
		if rest, ok := strings.CutPrefix(line, "!"); ok {
			effect, line = "Deny", rest
		}
		f := strings.Fields(line)
		condition := ""
		if len(f) == 3 { // key=value
			k, v, _ := strings.Cut(f[2], "=")
			condition = fmt.Sprintf(`,"Condition":{"StringEquals":{%q:%q}}`, k, v)
		}
		list = append(list, fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q%s}`, effect, f[0], f[1], condition))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

func (c *escalationCase) start(may []string) thing {
	var more []string
	if len(c.Start.Groups) > 0 {
		raw, _ := json.Marshal(c.Start.Groups)
		more = append(more, `"Groups":`+string(raw))
	}
	if len(c.Start.Managed) > 0 {
		raw, _ := json.Marshal(c.Start.Managed)
		more = append(more, `"ManagedPolicyArns":`+string(raw))
	}
	if c.Start.Boundary != "" {
		more = append(more, `"PermissionsBoundary":"`+c.Start.Boundary+`"`)
	}
	if c.Start.Properties != "" {
		more = append(more, c.Start.Properties)
	}
	if c.Start.Kind == "role" {
		return role("start", trust(`{"AWS":"999988887777"}`), statements(may), more...)
	}
	return user("start", statements(may), more...)
}

// reaches says what the technique gives "start": names, with how after a colon.
func (c *escalationCase) reaches(t *testing.T, may []string, things []worldThing, change func(*Index)) []string {
	t.Helper()
	all := []thing{c.start(may), {typ: typeAccessKey}}
	for _, w := range c.Things {
		all = append(all, thing{typ: w.Type})
	}
	for _, w := range things {
		all = append(all, w.thing(t))
	}
	x := load(t, all...)
	if change != nil {
		change(x)
	}
	g, err := newGraph(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	kind := "user"
	if c.Start.Kind != "" {
		kind = c.Start.Kind
	}
	n := g.node(x.byARN["arn:aws:iam::"+ours+":"+kind+"/start"], "")
	var out []string
	for _, tech := range g.techniques {
		if tech.ID != c.ID || !g.worthAsking(n, tech) {
			continue
		}
		g.try(n, tech, func(m *move) {
			name := m.to.base.Name
			if m.to.how != "" {
				name += ":" + m.to.how
			}
			if m.decision != iam.Allowed {
				name += "?"
			}
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		})
	}
	slices.Sort(out)
	return out
}

// TestTechniques holds every entry of the catalogue to a world in which it
// works, and to what keeps it from working: each permission left out, an SCP, a
// boundary, and twins of its own.
func TestTechniques(t *testing.T) {
	cases := readEscalationCases(t)
	have := map[string]bool{}
	for _, c := range cases {
		have[c.ID] = true
		t.Run(c.ID, func(t *testing.T) {
			want := c.Gains
			if c.How != "" {
				want += ":" + c.How
			}
			if got := c.reaches(t, c.May, c.Things, nil); !slices.Contains(got, want) || len(got) != 1 {
				t.Fatalf("gained %q, want %q", got, want)
			}
			for i, line := range c.May {
				less := slices.Delete(slices.Clone(c.May), i, i+1)
				if got := c.reaches(t, less, c.Things, nil); slices.Contains(got, want) {
					t.Errorf("without %q it gains %q", line, got)
				}
			}
			first := strings.Fields(c.May[0])[0]
			for name, change := range map[string]func(*Index){
				"SCP": func(x *Index) {
					x.accounts[ours].SCPs = [][]*iam.Policy{{policyOf(t, escalationAdmin), policyOf(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"`+first+`","Resource":"*"}]}`)}}
				},
				"boundary": func(x *Index) {
					for _, p := range x.principals {
						if p.Name == "start" {
							p.Boundaries = []*iam.Policy{policyOf(t, allow("s3:*", "*"))}
						}
					}
				},
			} {
				if got := c.reaches(t, c.May, c.Things, change); len(got) > 0 {
					t.Errorf("with a %s it gains %q", name, got)
				}
			}
			if len(c.Twins) == 0 {
				t.Errorf("no twin")
			}
			for _, twin := range c.Twins {
				may, things := c.May, slices.Clone(c.Things)
				if twin.May != nil {
					may = twin.May
				}
				things = slices.DeleteFunc(things, func(w worldThing) bool { return slices.Contains(twin.Drop, w.ID) })
				for _, r := range twin.Replace {
					for i := range things {
						if things[i].ID == r.ID && things[i].Type == r.Type {
							things[i] = r
						}
					}
				}
				if got := c.reaches(t, may, things, nil); len(got) > 0 {
					t.Errorf("%s: it gains %q", twin.Name, got)
				}
			}
		})
	}
	techniques, err := Techniques()
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, tech := range techniques {
		if !have[tech.ID] {
			t.Errorf("%s has no world in testdata/escalations.yaml", tech.ID)
		}
		if !strings.HasPrefix(tech.ID, "merlon-") {
			public++
		}
	}
	if public < 65 {
		t.Errorf("%d entries of the public catalogue, want 65", public)
	}
}

func policyOf(tb testing.TB, source string) *iam.Policy {
	tb.Helper()
	p, err := iam.ParsePolicy([]byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	p.Name = "test"
	return p
}
