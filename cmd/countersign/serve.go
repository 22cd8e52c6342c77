package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/db"
	"countersign/internal/notify"
	"countersign/internal/signin"
	"countersign/internal/web"
)

type serveCommand struct {
	config.Serve
	clockFlags
}

// stopWithin is how long requests that are under way may take after a stop was asked for.
const stopWithin = 25 * time.Second

// spare is how many bytes beside as many as live may become garbage before it is
// collected. A small installation lives in 10 to 25 MB, and would collect many times
// a second under load, each time in the way of some answer. It is held as memory
// that is never written, and so is only an address until there is garbage.
const spare = 64 << 20

// Run serves until it is told to stop (SIGTERM, SIGINT).
func (c *serveCommand) Run() error {
	if err := c.Validate(); err != nil {
		return err
	}
	defer runtime.KeepAlive(make([]byte, spare))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log, end := c.Log()
	defer end()
	keys, err := box(c.Common, false)
	if err != nil {
		return err
	}
	r, err := wire(ctx, log, c.Database.Reveal(), c.Origin(), keys, c.clock(), hashing{signin.DefaultCost(), c.HashingWorkers, c.HashingQueue})
	if err != nil {
		return err
	}
	apart := signin.NewApart(hasher, r.passwords.Workers(), r.log)
	defer apart.Close()
	r.passwords.HashIn(apart)
	err = c.serve(ctx, r)
	return errors.Join(err, r.close(context.WithoutCancel(ctx)))
}

func (c *serveCommand) serve(ctx context.Context, r *rooms) error {
	sender, err := notify.NewSender(c.Mail)
	if err != nil {
		return err
	}
	from, err := c.From(c.PublicURL)
	if err != nil {
		return err
	}
	notifier, err := notify.New(r.db, sender, c.Origin(), from, r.log)
	if err != nil {
		return err
	}
	r.db.OnQueued(notifier.Wake)
	edge, err := web.New(r.db, r.door, r.live, r.audit, web.Options{PublicURL: c.Origin(), Proxies: c.Proxies(), Lang: c.Lang(), Log: r.log, Maintenance: c.MaintenanceFile})
	if err != nil {
		return err
	}
	places, err := c.places()
	if err != nil {
		return err
	}
	defer places.Close()
	handler, err := routes(r, edge, places)
	if err != nil {
		return err
	}
	certificate, err := c.TLS()
	if err != nil {
		return err
	}
	public := &http.Server{Handler: handler, TLSConfig: certificate, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug)}
	internal := &http.Server{Handler: edge.Internal(web.Health{Passwords: r.passwords, Stale: r.keeper.Stale}), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 2 * time.Minute}

	running, err := c.jobs(r, notifier, from)
	if err != nil {
		return err
	}
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	var jobs sync.WaitGroup
	for _, job := range running {
		jobs.Go(func() { job(work) })
	}
	defer jobs.Wait()
	defer end()
	r.note(audit.ServerStarted)
	defer r.note(audit.ServerStopped)
	return listen(ctx, r.log, []listening{{public, c.Listen, "portal and APIs"}, {internal, c.InternalListen, "health and metrics"}})
}

// jobs are what runs beside the requests.
func (c *serveCommand) jobs(r *rooms, notifier *notify.Notifier, from mail.Address) ([]func(context.Context), error) {
	errands := func(ctx context.Context) {
		r.door.Work(ctx, notifier.Wake, func(err error) { r.log.Error("errands of sign-in", "error", err) })
	}
	running := []func(context.Context){r.keeper.Run, notifier.Run, r.tidy, errands}
	if c.BouncesDir == "" {
		return running, nil
	}
	bounces, err := notify.NewBounces(r.db, c.BouncesDir, from, r.log)
	if err != nil {
		return nil, err
	}
	return append(running, bounces.Run), nil
}

// places opens the file that says where network addresses are; nil without one.
func (c *serveCommand) places() (*signin.Places, error) {
	if c.GeoDatabase == "" {
		return nil, nil
	}
	return signin.OpenPlaces(c.GeoDatabase)
}

type listening struct {
	server  *http.Server
	address string
	what    string
}

// listen serves on all addresses until ctx ends or one of them fails, and then
// finishes what is under way.
func listen(ctx context.Context, log *slog.Logger, all []listening) error {
	failed := make(chan error, len(all))
	for _, l := range all {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		if err != nil {
			return fmt.Errorf("listen for %s: %w", l.what, err)
		}
		log.Info("listening", "for", l.what, "address", listener.Addr().String())
		go func() {
			if l.server.TLSConfig != nil {
				failed <- l.server.ServeTLS(listener, "", "")
				return
			}
			failed <- l.server.Serve(listener)
		}()
	}
	var err error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-failed:
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	for _, l := range all {
		err = errors.Join(err, l.server.Shutdown(last))
	}
	return err
}

// tidy does what is due every minute, until ctx ends.
func (r *rooms) tidy(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.audit.Flush(ctx)
			if err := errors.Join(r.door.Sweep(ctx), r.door.LockInactive(ctx), r.people.Sweep(ctx), r.keeper.Sweep(ctx)); err != nil && ctx.Err() == nil {
				r.log.Error("sweep", "error", err)
			}
		}
	}
}

// note records that the log begins or ends here (PCI DSS 10.2.1.6).
func (r *rooms) note(action string) {
	host, _ := os.Hostname()
	r.audit.Note(context.Background(), db.Who{Kind: db.System, ID: "serve"}, audit.Entry{Action: action, Kind: "node", ID: host})
}
