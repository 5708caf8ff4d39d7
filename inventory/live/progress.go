package live

import "merlon.dev/merlon"

// Progress hears how a scan goes on. Its methods are called concurrently and
// must be quick.
type Progress interface {
	// Planned is called as units become known.
	Planned(units int)
	// Called is called after every call.
	Called(account merlon.AccountID, region merlon.Region, call string, attempts, throttles int)
	// Done is called after every unit.
	Done(account merlon.AccountID, region merlon.Region, service string)
}

// NoProgress hears nothing.
type NoProgress struct{}

// Planned does nothing.
func (NoProgress) Planned(int) {}

// Called does nothing.
func (NoProgress) Called(merlon.AccountID, merlon.Region, string, int, int) {}

// Done does nothing.
func (NoProgress) Done(merlon.AccountID, merlon.Region, string) {}
