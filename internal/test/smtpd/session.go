package smtpd

import (
	"bufio"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
)

// session is one connection; mail is the transaction under way, nil before MAIL.
type session struct {
	server *Server
	reader *bufio.Reader
	writer *textproto.Writer
	mail   *Message
}

func (s *Server) serve(connection net.Conn) {
	s.note(connection, true)
	defer s.note(connection, false)
	defer connection.Close()
	c := &session{
		server: s,
		reader: bufio.NewReader(connection),
		writer: textproto.NewWriter(bufio.NewWriter(connection)),
	}
	c.say("220 localhost ready")
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil || !c.obey(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (c *session) say(line string) { c.writer.PrintfLine("%s", line) }

// obey answers one command; false ends the connection.
func (c *session) obey(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		c.mail = nil
		c.say("250-localhost")
		c.say("250-8BITMIME")
		c.say(fmt.Sprintf("250 SIZE %d", MaxSize))
	case "HELO", "RSET":
		c.mail = nil
		c.say("250 fine")
	case "NOOP":
		c.say("250 fine")
	case "MAIL":
		c.say(c.from(rest))
	case "RCPT":
		c.say(c.to(rest))
	case "DATA":
		return c.data()
	case "QUIT":
		c.say("221 bye")
		return false
	default:
		c.say("502 not known here")
	}
	return true
}

func (c *session) from(rest string) string {
	address, parameters, ok := path(rest, "FROM:")
	if !ok {
		return "501 MAIL FROM:<address> expected"
	}
	for _, parameter := range parameters {
		size, found := strings.CutPrefix(strings.ToUpper(parameter), "SIZE=")
		if n, _ := strconv.Atoi(size); found && n > MaxSize {
			return "552 too large"
		}
	}
	c.mail = &Message{From: address}
	return "250 fine"
}

func (c *session) to(rest string) string {
	if c.mail == nil {
		return "503 MAIL first"
	}
	address, _, ok := path(rest, "TO:")
	if !ok || address == "" {
		return "501 RCPT TO:<address> expected"
	}
	switch c.server.mood() {
	case Refuse:
		return "550 no such mailbox"
	case RefuseForNow:
		return "451 try again later"
	}
	c.mail.To = append(c.mail.To, address)
	return "250 fine"
}

// data reads a message up to the line that holds a dot alone.
func (c *session) data() bool {
	if c.mail == nil || len(c.mail.To) == 0 {
		c.say("503 RCPT first")
		return true
	}
	c.say("354 end with a dot alone")
	var text strings.Builder
	size := 0
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return false // cut off in the middle: nothing was promised, nothing is kept
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "." {
			break
		}
		line = strings.TrimPrefix(line, ".")
		if size += len(line) + 2; size <= MaxSize {
			text.WriteString(line + "\r\n")
		}
	}
	mail := *c.mail
	c.mail = nil
	switch {
	case c.server.mood() == Vanish:
		return false
	case size > MaxSize:
		c.say("552 too large")
	default:
		mail.Data = text.String()
		c.server.keep(mail)
		c.say("250 kept")
	}
	return true
}

// path reads FROM:<address> or TO:<address> and the parameters behind it.
func path(text, label string) (address string, parameters []string, ok bool) {
	if len(text) < len(label) || !strings.EqualFold(text[:len(label)], label) {
		return "", nil, false
	}
	inner, found := strings.CutPrefix(strings.TrimSpace(text[len(label):]), "<")
	if !found {
		return "", nil, false
	}
	address, rest, found := strings.Cut(inner, ">")
	return address, strings.Fields(rest), found
}
