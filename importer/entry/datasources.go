package entry

import (
	"context"
	"fmt"
	"strings"

	"misimportd/era/hint"
	"misimportd/store"
	"misimportd/store/model"
)

// Datasources lists the MISs by name.
func Datasources(ctx context.Context, db *store.DB) (list model.Datasources, err error) {
	err = db.View(ctx, func(v *store.View) (err error) {
		list, err = v.Datasources(ctx)
		return err
	})
	return list, err
}

// CreateDatasource enters an MIS by the school's name for it.
func (d Desk) CreateDatasource(ctx context.Context, name string) (model.Run, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return model.Run{}, fmt.Errorf("a datasource needs a name, such as iSAMS")
	}
	return d.changeDatasources(ctx, "datasource create", func(list model.Datasources,
		plan *model.Plan) error {
		for _, d := range list {
			if strings.EqualFold(d.Name, name) {
				return fmt.Errorf("there is a datasource %s already: choose another name", d.Name)
			}
		}
		plan.Create(model.Datasource{ID: plan.NewID(), Name: name}, model.ByHand)
		return nil
	})
}

// SetDatasource makes an MIS the current one, which is imported, or the previous one. The one that was
// current is the previous one then.
func (d Desk) SetDatasource(ctx context.Context, role, name string) (model.Run, error) {
	return d.changeDatasources(ctx, "datasource set", func(list model.Datasources, plan *model.Plan) error {
		named, current := list.Named(name), list.Is(model.CurrentMIS)
		switch {
		case named == nil:
			return fmt.Errorf("there is no datasource %q: \"%s\" lists them", name, hint.Command("datasource list"))
		case role == model.PreviousMIS && current != nil && named.ID == current.ID:
			return fmt.Errorf("datasource %s is the current one: set another current first", name)
		}
		roles := map[model.ID]string{}
		for _, d := range list {
			switch {
			case d.ID == named.ID:
				roles[d.ID] = role
			case role == model.CurrentMIS && named.Role != model.CurrentMIS && d.Role == model.CurrentMIS:
				roles[d.ID] = model.PreviousMIS
			case d.Role == role || role == model.CurrentMIS && named.Role != model.CurrentMIS:
				roles[d.ID] = ""
			default:
				roles[d.ID] = d.Role
			}
		}
		for _, d := range list {
			after := d
			if after.Role = roles[d.ID]; after != d {
				plan.Change(model.Update, d, after, model.ByHand)
			}
		}
		return nil
	})
}

func (d Desk) changeDatasources(ctx context.Context, command string,
	change func(model.Datasources, *model.Plan) error) (model.Run, error) {
	return d.changeByHand(ctx, command, "datasource", func(v *store.View, plan *model.Plan) error {
		list, err := v.Datasources(ctx)
		if err != nil {
			return err
		}
		return change(list, plan)
	})
}
