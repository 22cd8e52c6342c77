package roles

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// Named is how many policies, a role's own among them, and legacy roles name what
// is registered of a resource type, over all accounts.
type Named struct {
	Actions    map[string]int // by name
	Properties map[string]int // those in restrictions, by PART.NAME ("resource.owner")
}

// NamedOf reads what roles name of a registered type. A restriction that cannot be
// read gives nothing, and names nothing.
func NamedOf(tx *db.Tx, typ string) (Named, error) {
	out := Named{map[string]int{}, map[string]int{}}
	from, until := typ+":", typ+";" // the byte after ":"
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var permission, condition string
		if err = r.Scan(&permission, &condition); err != nil {
			return
		}
		out.Actions[permission[len(from):]]++
		c, ok := ReadCondition(condition)
		if !ok {
			return
		}
		seen := map[string]bool{} // a restriction may name one twice
		for _, x := range c.Clauses {
			if name := x.Part.String() + "." + x.Name; !seen[name] {
				seen[name] = true
				out.Properties[name]++
			}
		}
		return
	}, `SELECT permission, condition FROM policy_permissions WHERE permission >= $1 AND permission < $2
		UNION ALL SELECT permission, condition FROM role_permissions WHERE permission >= $1 AND permission < $2`, from, until)
	if err != nil {
		return out, fmt.Errorf("read what names a resource type: %w", err)
	}
	return out, nil
}
