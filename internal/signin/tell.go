package signin

import (
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// tell queues a notice to a person about a change of their own sign-in. data
// comes in pairs. Whoever has no address is told nothing.
func tell(tx *db.Tx, c candidate, kind string, data ...string) error {
	if c.Email == "" {
		return nil
	}
	m := db.Message{Kind: kind, AccountID: c.account(), UserID: c.ID, To: c.Email, Name: c.Name(), Lang: c.Lang, Data: map[string]string{"ip": address(tx.Who)}}
	for i := 0; i+1 < len(data); i += 2 {
		m.Data[data[i]] = data[i+1]
	}
	return tx.Queue(m)
}

const factorNameMax = 60 // code points

// cleanName takes what somebody calls a factor; it may be empty.
func cleanName(name string) (string, error) {
	name, problem := lang.Line(name, factorNameMax)
	if problem != "" && problem != "required" {
		return "", fault.In("name", problem, "max", factorNameMax)
	}
	return name, nil
}
