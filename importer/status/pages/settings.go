package pages

import (
	"io/fs"
	"os"
	"path/filepath"

	"misimportd/importer"
	"misimportd/mis/cache"
)

// settingsPage is the configuration in force, and where documents lie.
type settingsPage struct {
	Settings []Setting
	Checks   []Check
	Wrong    int
	Folders  []folder
}

// folder is a folder of documents.
type folder struct {
	Name, Path string
	Files      int
	Bytes      int64
}

func settings(v *visit) (shown, error) {
	p := settingsPage{Settings: v.school.Settings}
	if v.school.Checks != nil && v.request.FormValue("check") != "" {
		p.Checks = v.school.Checks(v.ctx)
	}
	for _, c := range p.Checks {
		if !c.OK {
			p.Wrong++
		}
	}
	for _, name := range []string{cache.PreFetched, cache.Incoming, cache.Current, cache.Archive} {
		p.Folders = append(p.Folders, sizeOf(name, filepath.Join(string(v.school.Importer.State.Scratch()), name)))
	}
	return shown{page: "settings", nav: "settings", title: "Settings", data: p}, nil
}

// sizeOf counts what is in a folder. What cannot be read is not there.
func sizeOf(name, path string) folder {
	f := folder{Name: name, Path: path}
	_ = fs.WalkDir(os.DirFS(path), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			f.Files++
			f.Bytes += info.Size()
		}
		return nil
	})
	return f
}

// auditPage is who did what.
type auditPage struct{ Deeds []listedRun }

// audit lists what people did, on pages and by commands: all runs but the nights.
func audit(v *visit) (shown, error) {
	const most = 500
	past, err := importer.Listed(v.ctx, v.db(), most, true)
	if err != nil {
		return shown{}, err
	}
	p := auditPage{}
	for _, r := range past {
		p.Deeds = append(p.Deeds, v.listed(r.Past))
	}
	return shown{page: "audit", nav: "audit", title: "Who did what", data: p}, nil
}
