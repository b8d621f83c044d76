package config

import (
	"cmp"
	"fmt"

	"misimportd/importer"
	"misimportd/importer/sources"
)

// conversionConfig is the section convert of the configuration.
type conversionConfig struct {
	Pupils  string `yaml:"pupils"`
	Matches string `yaml:"matches"`
}

func (c *conversionConfig) settle() (importer.Conversion, error) {
	if c == nil {
		return importer.Conversion{Pupils: sources.BySchoolID}, nil
	}
	conversion := importer.Conversion{Pupils: cmp.Or(c.Pupils, sources.BySchoolID), Matches: c.Matches}
	switch conversion.Pupils {
	case sources.BySchoolID, sources.BySameID, sources.ByEmail:
		return conversion, nil
	}
	return conversion, fmt.Errorf("convert: pupils: %q: write school_id, same_id or email, by which pupils are matched",
		c.Pupils)
}
