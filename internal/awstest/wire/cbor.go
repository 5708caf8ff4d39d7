package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// errCBOR is a body that ends early or has what rpc-v2-cbor does not use.
var errCBOR = errors.New("not CBOR")

// DecodeCBOR reads one value (RFC 8949): maps with text keys, arrays, integers
// (int64), floats, text, bytes, booleans, null, and times (tag 1) as [time.Time].
func DecodeCBOR(b []byte) (any, error) {
	d := cborDecoder{b: b}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if len(d.b) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the value", errCBOR, len(d.b))
	}
	return v, nil
}

type cborDecoder struct{ b []byte }

// head reads the first byte and the argument; indefinite is true for lengths
// that are not given.
func (d *cborDecoder) head() (major, info byte, arg uint64, indefinite bool, err error) {
	if len(d.b) == 0 {
		return 0, 0, 0, false, fmt.Errorf("%w: it ends early", errCBOR)
	}
	major, info = d.b[0]>>5, d.b[0]&31
	d.b = d.b[1:]
	switch {
	case info < 24:
		return major, info, uint64(info), false, nil
	case info < 28:
		n := 1 << (info - 24)
		if len(d.b) < n {
			return 0, 0, 0, false, fmt.Errorf("%w: it ends early", errCBOR)
		}
		var buf [8]byte
		copy(buf[8-n:], d.b[:n])
		d.b = d.b[n:]
		return major, info, binary.BigEndian.Uint64(buf[:]), false, nil
	case info == 31:
		return major, info, 0, true, nil
	}
	return 0, 0, 0, false, fmt.Errorf("%w: reserved length", errCBOR)
}

func (d *cborDecoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: it nests too deep", errCBOR)
	}
	major, info, arg, indefinite, err := d.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case 0, 1:
		if arg > math.MaxInt64 || indefinite {
			return nil, fmt.Errorf("%w: integer out of range", errCBOR)
		}
		if major == 1 {
			return -1 - int64(arg), nil
		}
		return int64(arg), nil
	case 2, 3:
		b, err := d.bytes(major, arg, indefinite)
		if err != nil {
			return nil, err
		}
		if major == 3 {
			return string(b), nil
		}
		return b, nil
	case 4:
		out := []any{}
		for i := uint64(0); indefinite || i < arg; i++ {
			if indefinite && d.stop() {
				break
			}
			v, err := d.value(depth + 1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case 5:
		out := map[string]any{}
		for i := uint64(0); indefinite || i < arg; i++ {
			if indefinite && d.stop() {
				break
			}
			k, err := d.value(depth + 1)
			if err != nil {
				return nil, err
			}
			key, ok := k.(string)
			if !ok {
				return nil, fmt.Errorf("%w: a key is not text", errCBOR)
			}
			if out[key], err = d.value(depth + 1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case 6:
		v, err := d.value(depth + 1)
		if err != nil || arg != 1 {
			return v, err
		}
		switch v := v.(type) {
		case int64:
			return time.Unix(v, 0).UTC(), nil
		case float64:
			return fromEpoch(v), nil
		}
		return v, nil
	}
	switch info {
	case 20, 21:
		return info == 21, nil
	case 22, 23:
		return nil, nil
	case 25:
		return half(uint16(arg)), nil
	case 26:
		return float64(math.Float32frombits(uint32(arg))), nil
	case 27:
		return math.Float64frombits(arg), nil
	}
	return nil, fmt.Errorf("%w: simple value %d", errCBOR, info)
}

// stop takes the break that ends something of indefinite length.
func (d *cborDecoder) stop() bool {
	if len(d.b) > 0 && d.b[0] == 0xff {
		d.b = d.b[1:]
		return true
	}
	return false
}

func (d *cborDecoder) bytes(major byte, n uint64, indefinite bool) ([]byte, error) {
	if !indefinite {
		if n > uint64(len(d.b)) {
			return nil, fmt.Errorf("%w: it ends early", errCBOR)
		}
		b := d.b[:n]
		d.b = d.b[n:]
		return b, nil
	}
	var out []byte
	for !d.stop() {
		m, _, n, again, err := d.head()
		if err != nil {
			return nil, err
		}
		if m != major || again {
			return nil, fmt.Errorf("%w: a chunk of another kind", errCBOR)
		}
		b, err := d.bytes(major, n, false)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}

// half is a 16-bit float.
func half(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1+frac/1024, exp-15)
}

// appendHead writes a first byte with its argument.
func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n < 1<<8:
		return append(b, major<<5|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major<<5|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major<<5|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major<<5|27), n)
}

func appendText(b []byte, s string) []byte { return append(appendHead(b, 3, uint64(len(s))), s...) }

func appendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, 1, uint64(-1-n))
	}
	return appendHead(b, 0, uint64(n))
}

func appendFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0xfb), math.Float64bits(f))
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xf5)
	}
	return append(b, 0xf4)
}
