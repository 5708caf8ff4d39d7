package awscli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// ErrNotFolder is wrapped by the error for a folder that holds no account.
var ErrNotFolder = errors.New("not a folder of AWS CLI output")

// expected is what a person needs to know who named another folder.
const expected = "expected ACCOUNT/REGION/COMMAND-VERB.json as CloudMapper's account-data has it, for example demo/us-east-1/ec2-describe-vpcs.json (ACCOUNT is a name or an account id)"

// Folder is a folder of AWS CLI output: a [live.Source] and [live.Sparse]. It is
// safe for concurrent use.
type Folder struct {
	dir      string
	root     *os.Root
	decoder  *decoder
	accounts map[merlon.AccountID]*account
	stems    sync.Map // *live.Operation → []string

	mu       sync.Mutex
	listings map[string]map[string]bool   // names in a region's folder
	aliases  map[string]map[string]string // other names of a verb's files
}

// account is one account's folder.
type account struct {
	path    string // within the root
	name    string
	id      merlon.AccountID
	regions []merlon.Region
	global  merlon.Region
	closed  *live.Failure // why it could not be entered when it was recorded
}

// Open reads which accounts and regions a folder holds: the folder of one account,
// one that holds several, or one that holds such a folder named account-data. What
// leads out of the folder by a link is not followed. The error wraps
// [ErrNotFolder] where there is no account in it. Close it when done.
func Open(dir string) (*Folder, []live.Target, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open folder of AWS CLI output: %w", err)
	}
	if !info.IsDir() {
		return nil, nil, fmt.Errorf("%w: %s is a file; %s", ErrNotFolder, dir, expected)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open folder of AWS CLI output: %w", err)
	}
	f := &Folder{dir: dir, root: root, decoder: newDecoder(), accounts: map[merlon.AccountID]*account{},
		listings: map[string]map[string]bool{}, aliases: map[string]map[string]string{}}
	targets, err := f.load()
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return f, targets, nil
}

// Close releases the folder.
func (f *Folder) Close() error { return f.root.Close() }

func (f *Folder) load() ([]live.Target, error) {
	paths, err := f.find(".")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%w: %s holds no account; %s", ErrNotFolder, f.dir, expected)
	}
	named, err := f.config()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		a, err := f.account(p, named)
		if err != nil {
			return nil, err
		}
		if other := f.accounts[a.id]; other != nil {
			return nil, fmt.Errorf("%s and %s both hold account %s: keep one", other.path, a.path, a.id)
		}
		f.accounts[a.id] = a
	}
	var targets []live.Target
	for _, id := range slices.Sorted(maps.Keys(f.accounts)) {
		a := f.accounts[id]
		t := live.Target{ID: id, Name: a.name, Partition: merlon.PartitionOf(a.global), Regions: a.regions}
		if a.closed != nil {
			t.Open = func(context.Context, *live.Target) error { return a.closed }
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// find gives the folders of accounts in a folder.
func (f *Folder) find(dir string) ([]string, error) {
	entries, err := f.entries(dir)
	if err != nil {
		return nil, err
	}
	if f.isAccount(entries) {
		return []string{dir}, nil
	}
	var found []string
	for _, e := range entries {
		sub := path.Join(dir, e.Name())
		if !f.isFolder(sub) {
			continue
		}
		inner, err := f.entries(sub)
		if err != nil {
			return nil, err
		}
		if f.isAccount(inner) {
			found = append(found, sub)
		}
	}
	if len(found) == 0 && dir == "." && f.isFolder("account-data") {
		return f.find("account-data")
	}
	return found, nil
}

var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

func (f *Folder) isAccount(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == regionsFile || e.IsDir() && regionName.MatchString(e.Name())
	})
}

// isFolder follows links within the root only.
func (f *Folder) isFolder(p string) bool {
	info, err := f.root.Stat(p)
	return err == nil && info.IsDir()
}

func (f *Folder) entries(dir string) ([]fs.DirEntry, error) {
	d, err := f.root.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("read folder of AWS CLI output: %w", err)
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("read folder of AWS CLI output: %w", err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

const (
	regionsFile = "describe-regions.json"
	configFile  = "config.json"
	closedFile  = "sts-assume-role.json"
)

// configured is an account in config.json. A Recorder adds the regions that were
// in scope.
type configured struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Regions []string `json:"regions"`
}

// config reads the accounts that config.json names; beside account-data as well
// as in it.
func (f *Folder) config() ([]configured, error) {
	var c struct {
		Accounts []configured `json:"accounts"`
	}
	data, err := f.read(configFile)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(f.dir) == "account-data" {
		data, err = os.ReadFile(filepath.Join(f.dir, "..", configFile))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(f.dir, configFile), err)
	}
	return c.Accounts, nil
}

// account reads what is known of an account before any call.
func (f *Folder) account(p string, named []configured) (*account, error) {
	a := &account{path: p, name: path.Base(p)}
	if p == "." {
		a.name = filepath.Base(f.dir)
	}
	var err error
	if a.regions, err = f.regions(a); err != nil {
		return nil, err
	}
	a.global = "us-east-1"
	if len(a.regions) > 0 {
		a.global = merlon.PartitionOf(a.regions[0]).GlobalRegion()
	}
	if a.id, err = f.identify(a, named); err != nil {
		return nil, err
	}
	for _, c := range named {
		if c.ID != string(a.id) {
			continue
		}
		if c.Name != "" {
			a.name = c.Name
		}
		if c.Regions != nil {
			a.regions = nil
		}
		for _, r := range c.Regions {
			if !regionName.MatchString(r) {
				return nil, fmt.Errorf("read %s: %s is no region", configFile, quoteShort(r))
			}
			a.regions = append(a.regions, merlon.Region(r))
		}
	}
	if a.name == string(a.id) {
		a.name = ""
	}
	if data, err := f.read(path.Join(p, closedFile)); err == nil {
		var none struct{}
		if a.closed, err = f.decoder.body(data, &none); err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(p, closedFile), err)
		}
	}
	return a, nil
}

// regions are those that were there to be read and those that have a folder. One
// without a folder was not recorded, which is a gap in each of its services.
func (f *Folder) regions(a *account) ([]merlon.Region, error) {
	var list struct {
		Regions []struct{ RegionName, OptInStatus *string }
	}
	file := path.Join(a.path, regionsFile)
	data, err := f.read(file)
	if err == nil {
		_, err = f.decoder.body(data, &list)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(f.dir, file), err)
	}
	found := map[merlon.Region]bool{}
	for _, r := range list.Regions {
		if r.RegionName == nil || !regionName.MatchString(*r.RegionName) {
			return nil, fmt.Errorf("read %s: %w: it names a region that is none", filepath.Join(f.dir, file), ErrNotFolder)
		}
		if r.OptInStatus == nil || *r.OptInStatus != "not-opted-in" {
			found[merlon.Region(*r.RegionName)] = true
		}
	}
	entries, err := f.entries(a.path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if regionName.MatchString(e.Name()) && f.isFolder(path.Join(a.path, e.Name())) {
			found[merlon.Region(e.Name())] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// identify finds the id of an account: what AWS said of the caller, what
// config.json says of the folder's name, the name itself, or the account that
// most of the ARNs name.
func (f *Folder) identify(a *account, named []configured) (merlon.AccountID, error) {
	asked, err := f.callerIdentity(a)
	if err != nil {
		return "", err
	}
	said := merlon.AccountID("")
	for _, c := range named {
		if c.Name == a.name || c.ID == a.name {
			said = merlon.AccountID(c.ID)
		}
	}
	if id := merlon.AccountID(a.name); id.Valid() {
		said = id
	}
	switch {
	case asked != "" && said != "" && asked != said:
		return "", fmt.Errorf("%s is account %s by its name or %s, and %s by sts-get-caller-identity.json: correct one", a.path, said, configFile, asked)
	case asked != "":
		return asked, nil
	case said != "":
		if !said.Valid() {
			return "", fmt.Errorf("%s gives %s the account id %s, which is not twelve digits", configFile, a.path, quoteShort(string(said)))
		}
		return said, nil
	}
	if id := f.mostNamed(a); id != "" {
		return id, nil
	}
	return "", fmt.Errorf("which account is %s? Name the folder by its id, or add sts-get-caller-identity.json or an entry in %s", filepath.Join(f.dir, a.path), configFile)
}

func (f *Folder) callerIdentity(a *account) (merlon.AccountID, error) {
	for _, r := range append([]merlon.Region{a.global}, a.regions...) {
		file := path.Join(a.path, string(r), "sts-get-caller-identity.json")
		data, err := f.read(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var id struct{ Account *string }
		if err == nil {
			_, err = f.decoder.body(data, &id)
		}
		if err == nil && (id.Account == nil || !merlon.AccountID(*id.Account).Valid()) {
			err = errors.New("it names no account")
		}
		if err != nil {
			return "", fmt.Errorf("read %s: %w", filepath.Join(f.dir, file), err)
		}
		return merlon.AccountID(*id.Account), nil
	}
	return "", nil
}

var accountInARN = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}):`)

// mostNamed looks into some files for the account that more than half of the ARNs
// name, "" for none.
func (f *Folder) mostNamed(a *account) merlon.AccountID {
	const (
		enoughFiles = 40
		enoughBytes = 4 << 20
	)
	count, all, files := map[merlon.AccountID]int{}, 0, 0
	for _, r := range a.regions {
		dir := path.Join(a.path, string(r))
		entries, err := f.entries(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if files == enoughFiles || !strings.HasSuffix(e.Name(), ".json") {
				continue
			}
			data, err := f.readUpTo(path.Join(dir, e.Name()), enoughBytes)
			if err != nil {
				continue
			}
			files++
			for _, m := range accountInARN.FindAllSubmatch(data, -1) {
				count[merlon.AccountID(m[1])]++
				all++
			}
		}
	}
	for id, n := range count {
		if 2*n > all {
			return id
		}
	}
	return ""
}
