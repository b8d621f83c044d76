package model

import (
	"strings"

	"misimportd/era"
)

func FromStored(s Suspension) era.Suspension {
	plain := era.Suspension{Name: s.Name, Kind: era.Kind(s.Kind), From: s.StartsAt, To: s.EndsAt, Daily: s.Daily}
	for text := range strings.FieldsSeq(s.Years) {
		if year, err := era.ParseYear(text); err == nil {
			plain.Years = append(plain.Years, year)
		}
	}
	return plain
}

func ToStored(s era.Suspension, origin string) Suspension {
	years := make([]string, len(s.Years))
	for i, y := range s.Years {
		years[i] = y.String()
	}
	return Suspension{Name: s.Name, Kind: string(s.Kind), StartsAt: s.From, EndsAt: s.To, Daily: s.Daily,
		Years: strings.Join(years, " "), Origin: origin}
}
