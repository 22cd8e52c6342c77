package signin

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Hashing takes whole processors for as long as a storm of sign-ins lasts, and
// makes garbage of 19 MiB each time. In a process of its own, which runs when
// nobody else wants the processor, it gives way at once to whoever is signed in
// already, and collects its own garbage (measured in BenchmarkStorm). On a machine
// that others keep busy it might never run: what it does not answer soon is done
// here instead.

// asked is one evaluation that the other process is asked for.
type asked struct {
	ID             uint64
	Cost           Cost
	Password, Salt []byte
	Length         uint32
}

type answered struct {
	ID  uint64
	Key []byte
}

// HashFor is the whole life of the other process: it answers what Apart asks until
// there is nothing more to read. It writes no log and keeps nothing.
func HashFor(in io.Reader, out io.Writer) error {
	decode, encode := gob.NewDecoder(in), gob.NewEncoder(out)
	var mu sync.Mutex
	var work sync.WaitGroup
	defer work.Wait()
	for {
		var q asked
		if err := decode.Decode(&q); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		work.Go(func() { // as many at once as Passwords has slots
			key := q.Cost.derive(q.Password, q.Salt, q.Length)
			mu.Lock()
			defer mu.Unlock()
			_ = encode.Encode(answered{q.ID, key}) // whoever asked is gone
		})
	}
}

// Apart is where passwords are hashed in another process.
type Apart struct {
	command  func() *exec.Cmd
	most     int // evaluations that it may have at once, those included that nobody waits for any more
	log      *slog.Logger
	rest     time.Duration // between two lives of it, at least
	patience time.Duration // that is waited for an answer

	mu     sync.Mutex
	closed bool
	other  *process // nil: it runs no more
	again  time.Time
}

const (
	restartAfter = 5 * time.Second
	answerSoon   = 250 * time.Millisecond // ten times what an evaluation takes
	answerWithin = 30 * time.Second       // beyond it the process hangs, and is ended
)

// NewApart says how to start the other process, a command that runs HashFor with
// its standard input and output, and how many evaluations it does at once. It is
// started now, and again when it has ended.
func NewApart(command func() *exec.Cmd, most int, log *slog.Logger) *Apart {
	a := &Apart{command: command, most: max(most, 1), log: log, rest: restartAfter, patience: answerSoon}
	a.process()
	return a
}

// derive evaluates there; false when that cannot be had soon, and one must do it oneself.
func (a *Apart) derive(c Cost, password, salt []byte, length uint32) ([]byte, bool) {
	p := a.process()
	if p == nil {
		return nil, false
	}
	key := p.ask(asked{Cost: c, Password: password, Salt: salt, Length: length}, a.most, a.patience)
	return key, len(key) == int(length)
}

// process is the one that runs, or a new one, unless that failed just now.
func (a *Apart) process() *process {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.other != nil && !a.other.ended() {
		return a.other
	}
	if a.other != nil && !a.closed {
		a.log.Error("the process that hashes passwords has ended; it will be started again", "error", a.other.problem())
		a.other = nil
	}
	if a.closed || time.Now().Before(a.again) {
		return nil
	}
	a.again = time.Now().Add(a.rest)
	var err error
	if a.other, err = begin(a.command(), a.most); err != nil {
		a.other = nil
		a.log.Error("passwords are hashed in this process, because another cannot be started", "error", err)
	}
	return a.other
}

// Close ends the other process, once it has answered. What it does not answer soon
// nobody waits for: else one that hangs would keep the server from ending.
func (a *Apart) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.other == nil {
		return
	}
	a.other.in.Close()
	select {
	case <-a.other.gone:
	case <-time.After(a.patience):
		_ = a.other.self.Kill()
		<-a.other.gone
	}
	a.other = nil
}

// process is one life of the other process.
type process struct {
	self *os.Process
	in   io.WriteCloser
	todo chan asked    // what is to be written to it
	gone chan struct{} // closed when it has ended, and err says how
	err  error

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan<- []byte
}

func begin(c *exec.Cmd, most int) (*process, error) {
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startLower(c); err != nil {
		return nil, err
	}
	p := &process{self: c.Process, in: in, todo: make(chan asked, most), gone: make(chan struct{}), waiting: map[uint64]chan<- []byte{}}
	go p.write()
	go p.read(c, out)
	return p, nil
}

// write hands on what is asked. Only here may the pipe be full, as it is when the
// process does not run: nobody who asks waits for that longer than for an answer.
func (p *process) write() {
	encode := gob.NewEncoder(p.in)
	for {
		select {
		case q := <-p.todo:
			if err := encode.Encode(q); err != nil {
				_ = p.self.Kill() // it can be asked nothing more; read finds its end
				return
			}
		case <-p.gone:
			return
		}
	}
}

// read hands out the answers until there are no more.
func (p *process) read(c *exec.Cmd, out io.Reader) {
	decode := gob.NewDecoder(out)
	var err error
	for err == nil {
		var got answered
		if err = decode.Decode(&got); err == nil {
			p.answer(got)
		}
	}
	if p.in.Close(); errors.Is(err, io.EOF) {
		err = nil
	} else {
		_ = p.self.Kill() // what it says is nonsense, and so may be whether it ends
	}
	p.err = errors.Join(err, c.Wait())
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, to := range p.waiting {
		close(to)
		delete(p.waiting, id)
	}
	close(p.gone)
}

func (p *process) answer(got answered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to := p.waiting[got.ID]; to != nil {
		to <- got.Key
		delete(p.waiting, got.ID)
	}
}

// ask waits for the answer; nil when there is none to come soon.
func (p *process) ask(q asked, most int, patience time.Duration) []byte {
	answer := make(chan []byte, 1)
	if !p.send(q, answer, most) {
		return nil
	}
	hangs := time.AfterFunc(answerWithin, func() { _ = p.self.Kill() }) // read then finds its end
	select {
	case key := <-answer:
		hangs.Stop()
		return key
	case <-time.After(patience):
		go func() {
			<-answer
			hangs.Stop()
		}()
		return nil
	}
}

// send asks, unless the process has as much to do as it may: each evaluation takes memory.
func (p *process) send(q asked, answer chan<- []byte, most int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended() || len(p.waiting) >= most {
		return false
	}
	q.ID = p.last + 1
	select {
	case p.todo <- q:
		p.last, p.waiting[q.ID] = q.ID, answer
		return true
	default:
		return false
	}
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

func (p *process) problem() error {
	if p.err == nil {
		return fmt.Errorf("it ended by itself")
	}
	return p.err
}
