package smtpd_test

import (
	"errors"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/test/smtpd"
)

func TestServer(t *testing.T) {
	const body = "Subject: hello\r\n\r\n.a dot in front\r\nüñï\r\n"
	tests := []struct {
		name      string
		behaviour smtpd.Behaviour
		body      string
		wantCode  int // 0: accepted, -1: the connection breaks
	}{
		{"accepts", smtpd.Accept, body, 0},
		{"refuses for good", smtpd.Refuse, body, 550},
		{"refuses for now", smtpd.RefuseForNow, body, 451},
		{"vanishes", smtpd.Vanish, body, -1},
		{"too large", smtpd.Accept, strings.Repeat(strings.Repeat("x", 98)+"\r\n", smtpd.MaxSize/100+1), 552},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := smtpd.Start(t)
			server.Behave(test.behaviour)
			err := smtp.SendMail(server.Addr, nil, "from@example.com", []string{"one@example.com", "two@example.com"}, []byte(test.body))

			if test.wantCode == 0 {
				if err != nil {
					t.Fatal(err)
				}
				want := []smtpd.Message{{From: "from@example.com", To: []string{"one@example.com", "two@example.com"}, Data: test.body}}
				if diff := cmp.Diff(want, server.Wait(t, 1)); diff != "" {
					t.Error(diff)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			var answer *textproto.Error
			if code := -1; errors.As(err, &answer) {
				code = answer.Code
				if code != test.wantCode {
					t.Errorf("answered %d, want %d", code, test.wantCode)
				}
			} else if test.wantCode != code {
				t.Errorf("no answer (%v), want %d", err, test.wantCode)
			}
			if kept := server.Messages(); len(kept) > 0 {
				t.Errorf("kept a mail that it did not accept: %+v", kept)
			}
		})
	}
}

func TestCommandsOutOfOrder(t *testing.T) {
	client, err := textproto.Dial("tcp", smtpd.Start(t).Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, _, err := client.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		say  string
		want int
	}{
		{"DATA", 503},
		{"RCPT TO:<one@example.com>", 503},
		{"MAIL one@example.com", 501},
		{"MAIL FROM:<one@example.com> SIZE=99999999", 552},
		{"mail from:<>", 250},
		{"RCPT TO:<>", 501},
		{"RSET", 250},
		{"RCPT TO:<one@example.com>", 503},
		{"VRFY one", 502},
		{"QUIT", 221},
	} {
		if err := client.PrintfLine("%s", step.say); err != nil {
			t.Fatal(err)
		}
		if code, text, _ := client.ReadResponse(step.want); code != step.want {
			t.Errorf("%s: %d %s, want %d", step.say, code, text, step.want)
		}
	}
}
