package notify

import "countersign/internal/config"

// NewSender makes the sender that the configuration chooses: a folder, or a mail server.
func NewSender(m config.Mail) (Sender, error) {
	if m.MailDir != "" {
		return NewSpool(m.MailDir)
	}
	return NewSMTP(m.SMTP, m.MailBouncesTo, nil)
}
