package config

// File is the zero value of the configuration file's type, whose tags name the settings.
var File any = file{}
