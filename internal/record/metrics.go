package record

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"merlon.dev/merlon/iam"
)

// Metrics listens for the client-side metrics of SDKs: datagrams of JSON on
// 127.0.0.1. Only those count that carry its client id.
type Metrics struct {
	conn   *net.UDPConn
	client string
	wait   sync.WaitGroup

	mu       sync.Mutex
	last     time.Time
	calls    int
	refused  int
	attempts map[string]*iam.Call // by service and operation
	reported map[string]bool
	report   func(*iam.Call)
}

// maxAttempts bounds the calls of which only attempts were seen.
const maxAttempts = 20000

// ListenMetrics listens until [Metrics.Close]; port 0 is a free one. The function
// gets every call and is not called concurrently.
func ListenMetrics(port int, report func(*iam.Call)) (*Metrics, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	// The more fits, the less is lost when many calls are made at once; the system
	// may give less.
	_ = conn.SetReadBuffer(8 << 20)
	id := make([]byte, 16)
	rand.Read(id)
	m := &Metrics{conn: conn, client: hex.EncodeToString(id), attempts: map[string]*iam.Call{}, reported: map[string]bool{}, report: report}
	m.wait.Go(m.listen)
	return m, nil
}

// Environment is what a program must have set to send its metrics here.
func (m *Metrics) Environment() []string {
	addr := m.conn.LocalAddr().(*net.UDPAddr)
	return []string{"AWS_CSM_ENABLED=true", "AWS_CSM_HOST=127.0.0.1", "AWS_CSM_PORT=" + strconv.Itoa(addr.Port), "AWS_CSM_CLIENT_ID=" + m.client}
}

func (m *Metrics) listen() {
	buffer := make([]byte, 64<<10)
	for {
		n, _, err := m.conn.ReadFromUDP(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		m.take(buffer[:n])
	}
}

func (m *Metrics) take(datagram []byte) {
	metric, err := iam.ParseMetric(datagram)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = time.Now()
	if err != nil || metric.Client != m.client {
		m.refused++
		return
	}
	name := metric.Call.Service + " " + metric.Call.Operation
	if metric.Attempt {
		if len(m.attempts) < maxAttempts {
			m.attempts[name] = metric.Call
		}
		return
	}
	m.calls++
	if len(m.reported) < maxAttempts {
		m.reported[name] = true
	}
	m.report(metric.Call)
}

// Refused is how many datagrams were no metrics of this program's.
func (m *Metrics) Refused() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused
}

// quiet is how long nothing may come before all is taken to have come.
const quiet = 150 * time.Millisecond

// Close waits until no more datagrams come (two seconds at most), stops, and
// reports calls of which only attempts were seen: their program ended before it
// could tell of the whole.
func (m *Metrics) Close() error {
	end := time.Now().Add(2 * time.Second)
	for began := time.Now(); time.Now().Before(end); time.Sleep(quiet / 5) {
		m.mu.Lock()
		last := m.last
		m.mu.Unlock()
		if last.Before(began) {
			last = began
		}
		if time.Since(last) > quiet {
			break
		}
	}
	err := m.conn.Close()
	m.wait.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, c := range m.attempts {
		if !m.reported[name] {
			m.report(c)
		}
	}
	return err
}
