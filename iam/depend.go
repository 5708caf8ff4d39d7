package iam

import "merlon.dev/merlon/iam/reference"

// depend lists what the calls behind the granted actions may need besides.
func (p *Proposal) depend(ref *reference.Reference) {
	for _, name := range p.Grants.Actions() {
		a, ok := ref.Action(name)
		if !ok {
			continue
		}
		m, ok := ref.ActionsOf(a.Service, a.Name)
		if !ok {
			continue
		}
		var others []string
		for _, list := range [][]string{m.Needed, m.Possible} {
			for _, o := range list {
				if _, granted := p.Grants.on[o]; !granted {
					others = append(others, o)
				}
			}
		}
		if len(others) > 0 {
			p.MayNeed = append(p.MayNeed, Dependence{name, others})
		}
	}
}
