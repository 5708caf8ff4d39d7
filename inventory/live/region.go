package live

import "context"

const regionType = "Merlon::Account::Region"

// regionService writes the region itself, the subject of controls such as
// "GuardDuty is on". It makes no call.
func regionService() *Service {
	return &Service{
		Name: "region", Title: "Regions", Types: []string{regionType},
		Collect: func(ctx context.Context, s *Scope) error {
			d := s.Draft(regionType, string(s.Region), "", string(s.Region))
			d.Set("Region", string(s.Region))
			return s.Put(ctx, d)
		},
	}
}
