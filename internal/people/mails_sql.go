package people

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"countersign/internal/db"
	"countersign/internal/org"
)

// Mail is what became of a message to a person. Nothing of what it said is kept.
type Mail struct {
	Kind     string
	State    string // queued, sent, refused, bounced, failed
	Reason   string // why it did not arrive, as a code: "5.1.1", "550", "expired"; "" when there is nothing to tell
	At       int64  // µs: when it was queued
	DoneAt   int64  // µs: of the state; 0 while it is queued
	NextAt   int64  // µs: when it is tried again, while it is queued
	Attempts int
}

// Lost tells that the message will not arrive.
func (m Mail) Lost() bool { return m.State == "refused" || m.State == "bounced" || m.State == "failed" }

// Cause is the sort of reason why it did not arrive, as words are made of it: no
// such mailbox, a mailbox that is full … ; "" when there is nothing to tell. Mail
// servers say it by RFC 3463, more or less.
func (m Mail) Cause() string {
	class, detail, _ := strings.Cut(m.Reason, ".")
	switch {
	case m.Reason == "" || m.State == "sent":
		return ""
	case !strings.Contains(m.Reason, ".") && (m.Reason[0] < '0' || m.Reason[0] > '9'):
		return m.Reason // a word of ours
	case detail == "1.2" || detail == "4.4":
		return "domain"
	case strings.HasPrefix(detail, "1."):
		return "mailbox"
	case detail == "2.2":
		return "full"
	case detail == "2.1":
		return "disabled"
	case strings.HasPrefix(detail, "7."):
		return "policy"
	case class == "4" || strings.HasPrefix(detail, "4."):
		return "unreachable"
	}
	return "other"
}

// mailColumns call every invitation one: which letter it was would tell whether
// the person was known before.
const mailColumns = `CASE WHEN o.kind = 'invitation_linked' THEN 'invitation' ELSE o.kind END, o.state, o.reason, o.created_at, COALESCE(o.done_at, 0), o.next_at, o.attempts`

func (m *Mail) dest() []any {
	return []any{&m.Kind, &m.State, &m.Reason, &m.At, &m.DoneAt, &m.NextAt, &m.Attempts}
}

// Mails reads the last messages to a user of an account, the newest first, that
// this account caused: what another sent, an invitation among it, is not this
// one's to know, of somebody who works in it alone either.
func Mails(tx *db.Tx, a org.Account, r Row, limit int) ([]Mail, error) {
	list, err := db.All(tx, func(rows *sql.Rows) (m Mail, err error) { return m, rows.Scan(m.dest()...) },
		`SELECT `+mailColumns+` FROM outbox o WHERE o.user_id = $1 AND o.account_id = $2 ORDER BY o.created_at DESC, o.id DESC LIMIT $3`, r.ID(), a.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	return list, nil
}

// InvitationMails reads what became of the newest invitation of each of these
// users of an account, by user id.
func InvitationMails(tx *db.Tx, accountID string, userIDs []string) (map[string]Mail, error) {
	out := map[string]Mail{}
	if len(userIDs) == 0 {
		return out, nil
	}
	args := []any{accountID}
	var marks []string
	for _, id := range userIDs {
		args = append(args, id)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
	}
	_, err := db.All(tx, func(rows *sql.Rows) (_ struct{}, err error) {
		var user string
		var m Mail
		err = rows.Scan(append([]any{&user}, m.dest()...)...)
		out[user] = m // the last of a user counts
		return
	}, `SELECT o.user_id, `+mailColumns+` FROM outbox o WHERE o.account_id = $1 AND o.user_id IN (`+strings.Join(marks, ", ")+`)
		AND o.kind IN ('invitation', 'invitation_linked') ORDER BY o.created_at, o.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	return out, nil
}
