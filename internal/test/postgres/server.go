package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/test/afterwards"
)

// programs is the folder of initdb and postgres, the newest when there are several; "" without one.
func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(real)
		}
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb"} {
		matches, _ := filepath.Glob(pattern) // the patterns are well formed
		found = append(found, matches...)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}

// version is the first number in a path, such as the 15 of /usr/lib/postgresql/15/bin.
func version(path string) int {
	digits := ""
	for _, r := range path {
		if r >= '0' && r <= '9' {
			digits += string(r)
		} else if digits != "" {
			break
		}
	}
	n, _ := strconv.Atoi(digits)
	return n
}

// launch makes a cluster in a folder of its own and starts a server on it.
func launch() (string, error) {
	s, err := prepare()
	if err != nil {
		return "", err
	}
	// The port is free when it is chosen and may be taken a moment later by a neighbour, so try again.
	var address string
	for range 5 {
		if address, err = s.start(); err == nil {
			return address, nil
		}
	}
	os.RemoveAll(s.folder)
	return "", err
}

// prepare makes a cluster in a folder of its own.
func prepare() (s *server, err error) {
	folder, err := os.MkdirTemp("", "countersign-postgres-")
	if err != nil {
		return nil, err
	}
	s = &server{folder: folder, data: filepath.Join(folder, "data"), password: rand.Text()}
	if err := errors.Join(s.dropRoot(), s.initialise()); err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	return s, nil
}

// server is a PostgreSQL under way. PostgreSQL refuses to run as root, so identity names somebody else when we are.
type server struct {
	folder, data, password string
	identity               *syscall.Credential
}

func (s *server) dropRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := 65534, 65534 // nobody
	if account, err := user.Lookup("postgres"); err == nil {
		uid, _ = strconv.Atoi(account.Uid)
		gid, _ = strconv.Atoi(account.Gid)
	}
	s.identity = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(s.folder, uid, gid); err != nil {
		return fmt.Errorf("give the folder of PostgreSQL to an unprivileged user: %w", err)
	}
	return nil
}

func (s *server) command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(programs(), program), arguments...)
	command.Dir = s.folder
	// SIGQUIT is PostgreSQL's immediate stop: the server ends its children and frees its shared memory, also when this
	// process is killed.
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.identity, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	return command
}

func (s *server) initialise() error {
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(s.password+"\n"), 0o600); err != nil {
		return err
	}
	if s.identity != nil {
		if err := os.Chown(secret, int(s.identity.Uid), int(s.identity.Gid)); err != nil {
			return err
		}
	}
	// The password crosses loopback in plain text: hashing it would cost more than the connection in every test.
	initdb := s.command("initdb", "--pgdata="+s.data, "--locale=C", "--encoding=UTF8", "--no-sync",
		"--username=countersign", "--pwfile="+secret, "--auth-local=trust", "--auth-host=password")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

// start starts the server on a free loopback port and waits until it answers.
func (s *server) start() (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	if _, _, err := s.startOn(port); err != nil {
		return "", err
	}
	return s.address(port), nil
}

func (s *server) address(port int) string {
	address := url.URL{Scheme: "postgres", User: url.UserPassword("countersign", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable"}
	return address.String()
}

// startOn starts the server on a port and waits until it answers; ended tells when and how it has ended.
func (s *server) startOn(port int) (process *os.Process, ended chan error, err error) {
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()

	command := s.command("postgres", "-D", s.data, "-k", s.folder, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=32MB")
	command.Stdout, command.Stderr = log, log
	started := make(chan error)
	ended = make(chan error, 1)
	go func() {
		// Pdeathsig is sent when the thread that started the child ends, so that one stays.
		runtime.LockOSThread()
		if err := command.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		ended <- command.Wait()
		close(ended)
	}()
	if err := <-started; err != nil {
		return nil, nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := answers(s.address(port), ended); err != nil {
		command.Process.Signal(syscall.SIGQUIT)
		said, _ := os.ReadFile(log.Name())
		return nil, nil, fmt.Errorf("start PostgreSQL: %w\n%s", err, bytes.TrimSpace(said))
	}
	return command.Process, ended, afterwards.Remove(command.Process.Pid, s.folder)
}

// answers waits until the server accepts a connection, has ended, or half a minute is over.
func answers(address string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, address)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case status := <-ended:
			return fmt.Errorf("it ended at once: %w", errors.Join(status, err))
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
