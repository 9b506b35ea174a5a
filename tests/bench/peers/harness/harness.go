// Package harness is shared by all Go peers: reading the workload's files, and timing of decisions.
// A style is timed only after it has decided every request as expected.
package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	// A style is verified for at most verifyNs, timed for about totalNs, and each pass over its requests takes
	// at most passNs.
	verifyNs, totalNs, passNs = 10e9, 3e9, 1e9
	// Decisions are timed in batches of about this long: long against the clock's own cost, short against the
	// time between two interruptions. A slower decision is a batch of its own.
	batchNs = 20e3
)

// Request is a request of the workload in the form that the peers' parsers need.
type Request map[string]any

// Arguments of every peer: PEER WORKLOAD SIZES [quick].
type Arguments struct {
	folder string
	Sizes  []int
	quick  bool
}

func Args() Arguments {
	a := Arguments{folder: os.Args[1], quick: len(os.Args) > 3 && os.Args[3] == "quick"}
	for _, size := range strings.Split(os.Args[2], ",") {
		n, err := strconv.Atoi(size)
		Must(err)
		a.Sizes = append(a.Sizes, n)
	}
	return a
}

// Workload is the generated workload of one size.
type Workload struct {
	Requests []Request
	expected []bool
	folder   string
	size     int
	quick    bool
}

func (a Arguments) Read(size int) Workload {
	w := Workload{folder: filepath.Join(a.folder, strconv.Itoa(size)), size: size, quick: a.quick}
	lines(w.Path("requests.jsonl"), func(text []byte) {
		request := Request{}
		Must(json.Unmarshal(text, &request))
		w.Requests = append(w.Requests, request)
	})
	lines(w.Path("expected.jsonl"), func(text []byte) {
		answer := struct{ Allow bool }{}
		Must(json.Unmarshal(text, &answer))
		w.expected = append(w.expected, answer.Allow)
	})
	return w
}

func (w Workload) Path(name string) string { return filepath.Join(w.folder, name) }

func (w Workload) Text(name string) string {
	text, err := os.ReadFile(w.Path(name))
	Must(err)
	return string(text)
}

// Version returns the version of a linked module.
func Version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return ""
}

// Measure verifies, times and prints one line. decide takes the index of a parsed request.
func (w Workload) Measure(engine, version, style string, decide func(int) bool) {
	verify := func(count int) float64 {
		started := time.Now()
		for i, wanted := range w.expected[:count] {
			if decide(i) != wanted {
				fmt.Fprintf(os.Stderr, "%s %s %d: request %d disagrees with expected.jsonl\n", engine, style, w.size, i)
				os.Exit(1)
			}
		}
		return float64(time.Since(started).Nanoseconds()) / float64(count)
	}
	share := 1.0
	if w.quick {
		share = 0.2
	}
	cold := verify(20)
	within := func(ns float64) int { return min(max(int(share*ns/cold), 50), len(w.expected)) }
	checked, count := within(verifyNs), within(passNs)
	each := verify(checked)

	batch := min(max(int(batchNs/each), 1), count)
	passes := max(int(share*totalNs/(each*float64(count))), 3)
	var batches, single []float64
	for range passes {
		for from := 0; from+batch <= count; from += batch {
			started := time.Now()
			for i := from; i < from+batch; i++ {
				decide(i)
			}
			batches = append(batches, float64(time.Since(started).Nanoseconds())/float64(batch))
		}
	}
	for i := range count {
		started := time.Now()
		decide(i)
		single = append(single, float64(time.Since(started).Nanoseconds()))
	}
	line, err := json.Marshal(map[string]any{
		"engine": engine, "version": version, "style": style, "size": w.size, "requests": checked, "agree": true,
		"median_ns": percentile(batches, 50), "p99_ns": percentile(single, 99)})
	Must(err)
	fmt.Println(string(line))
}

// Must ends the program on an error: a peer that cannot run gives no results.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func lines(path string, use func([]byte)) {
	file, err := os.Open(path)
	Must(err)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		use(scanner.Bytes())
	}
	Must(scanner.Err())
}

func percentile(values []float64, percent int) float64 {
	sort.Float64s(values)
	return values[min(len(values)*percent/100, len(values)-1)]
}
