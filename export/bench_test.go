package export_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/simulator"
)

// serveSeed makes the test binary serve a simulated instance instead of running tests, so that a benchmark measures
// the memory of the export alone.
const serveSeed = "PRITUNL_BACKUP_BENCH_SEED"

func TestMain(m *testing.M) {
	if seed := os.Getenv(serveSeed); seed != "" {
		serveForBenchmark(seed)
		return
	}
	os.Exit(m.Run())
}

func serveForBenchmark(seed string) {
	sim, err := simulator.New(simulator.Options{Seed: seed, Plan: "enterprise"})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	url, stop, err := simulator.Serve(context.Background(), sim, "127.0.0.1:0")
	if err != nil {
		fmt.Println("error", err)
		return
	}
	token, secret := sim.Credentials()
	fmt.Println(url, token, secret)
	_, _ = io.Copy(io.Discard, os.Stdin) // serves until the benchmark closes its end
	_ = stop()
}

func startSeeded(b *testing.B, seed string) *api.Client {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), serveSeed+"="+seed)
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = command.Wait() })
	var url, token, secret string
	if _, err := fmt.Fscan(out, &url, &token, &secret); err != nil {
		b.Fatal(err)
	}
	client, err := api.New(api.Options{URL: url, Token: api.Secret(token), Secret: api.Secret(secret), Parallel: 4})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// BenchmarkExport prints, beside the time of an export: the requests it sends, its time relative to fetching the same
// paths one after another and four at a time with bodies thrown away, and its peak of live heap.
func BenchmarkExport(b *testing.B) {
	for _, users := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("organizations=100/servers=50/users=%d", users), func(b *testing.B) {
			client := startSeeded(b, fmt.Sprintf("users=%d,orgs=100,servers=50", users))
			paths := exportPaths(b, client)
			var took, serial, parallel time.Duration
			var peak uint64
			before := client.Requests()
			for b.Loop() {
				runtime.GC()
				start := time.Now()
				peak = max(peak, peakHeap(func() { exportAway(b, client) }))
				took += time.Since(start)
			}
			requests := (client.Requests() - before) / int64(b.N)
			for range b.N {
				serial += fetch(b, client, paths, 1)
				parallel += fetch(b, client, paths, 4)
			}
			b.ReportMetric(float64(requests), "requests")
			b.ReportMetric(took.Seconds()/serial.Seconds(), "x-serial")
			b.ReportMetric(took.Seconds()/parallel.Seconds(), "x-parallel")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}

func exportAway(b *testing.B, client *api.Client) {
	_, err := export.FromAPI(b.Context(), client, func() (io.Writer, error) { return io.Discard, nil }, export.Options{Header: header()})
	if err != nil {
		b.Fatal(err)
	}
}

// exportPaths gives the paths that one export asks for.
func exportPaths(b *testing.B, client *api.Client) []string {
	b.Helper()
	var paths []string
	for _, path := range []string{"/status", "/settings", "/admin", "/organization", "/host", "/server", "/link", "/subscription"} {
		raw, err := client.Get(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
		if slices.Contains([]string{"/organization", "/server", "/link"}, path) {
			for _, o := range objectsOf(b, raw) {
				paths = append(paths, detailPaths(path, o.String("id"))...)
			}
		}
	}
	return append(paths, "/organization", "/server", "/link")
}

func detailPaths(list, id string) []string {
	switch list {
	case "/organization":
		return []string{"/user/" + id}
	case "/link":
		return []string{"/link/" + id + "/location"}
	}
	return []string{"/server/" + id + "/organization", "/server/" + id + "/route", "/server/" + id + "/host", "/server/" + id + "/link"}
}

func fetch(b *testing.B, client *api.Client, paths []string, workers int) time.Duration {
	b.Helper()
	start := time.Now()
	work := make(chan string)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for path := range work {
				if _, err := client.Get(b.Context(), path); err != nil && !strings.Contains(err.Error(), "404") {
					b.Error(err)
				}
			}
		})
	}
	for _, path := range paths {
		work <- path
	}
	close(work)
	group.Wait()
	return time.Since(start)
}

// peakHeap runs f and samples the bytes of live and not yet collected objects meanwhile.
func peakHeap(f func()) uint64 {
	done := make(chan struct{})
	sampled := make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var peak uint64
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-done:
				sampled <- peak
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return <-sampled
}
