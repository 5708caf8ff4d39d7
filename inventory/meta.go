package inventory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"merlon.dev/merlon"
)

// Kind is where a snapshot's content comes from.
type Kind string

// The kinds of sources. In a template everything that CloudFormation can
// declare counts as read: what is not in it is not there.
const (
	KindLive     Kind = "live"
	KindAWSCLI   Kind = "awscli"
	KindTemplate Kind = "template"
)

// Service is one collector as the snapshot remembers it: what it reads and where.
type Service struct {
	Name   string   `json:"name"`
	Global bool     `json:"global,omitempty"`
	Types  []string `json:"types"`
}

// Account is one account in the snapshot's scope.
type Account struct {
	ID      merlon.AccountID `json:"id"`
	Name    string           `json:"name,omitempty"`
	Regions []merlon.Region  `json:"regions"`
}

// Meta is what a snapshot says about itself.
type Meta struct {
	Kind    Kind   `json:"kind"`
	Version string `json:"version"` // of Merlon
	// Source is the folder, the template or the caller's ARN, for a person.
	Source string `json:"source,omitempty"`
	// Scope identifies what was asked for; only a scan of the same scope may
	// resume or reuse the snapshot.
	Scope    string    `json:"scope,omitempty"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	Accounts []Account `json:"accounts"`
	Services []Service `json:"services"`
}

// service finds the collector that lists a type.
func (m *Meta) service(typ string) (Service, bool) {
	for _, s := range m.Services {
		if slices.Contains(s.Types, typ) {
			return s, true
		}
	}
	return Service{}, false
}

func (m *Meta) account(id merlon.AccountID) (Account, bool) {
	for _, a := range m.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

func readMeta(ctx context.Context, db *sql.DB) (Meta, error) {
	var text string
	err := db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'meta'").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return Meta{}, ErrNotSnapshot
	}
	if err != nil {
		return Meta{}, translate(err)
	}
	var m Meta
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return Meta{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return m, nil
}
