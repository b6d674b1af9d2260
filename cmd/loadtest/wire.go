package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// patience is how long an answer may take.
const patience = 30 * time.Second

// wire is one connection that is kept. It knows as much of HTTP/1.1 as our
// servers' answers need: a status, and a body of a declared length.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(address string) (*wire, error) {
	c, err := net.DialTimeout("tcp", address, patience) //nolint:noctx // patience is its bound
	if err != nil {
		return nil, err
	}
	return &wire{conn: c, r: bufio.NewReaderSize(c, 16<<10)}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

var errAnswer = errors.New("the answer is not one that this tool can read")

// do sends a whole request and returns the status of the answer.
func (w *wire) do(request []byte) (int, error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, errAnswer
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, errAnswer
	}
	length := -1
	for {
		line, err = w.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, errAnswer
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("%w: it does not say how long it is", errAnswer)
	}
	_, err = w.r.Discard(length)
	return status, err
}

// letter is a request whose fields can be written over in place, so that
// another one costs no more than its signature.
type letter struct {
	raw  []byte
	body int // where the body begins
	sig  int // where the digits of the signature begin
	sum  func(body []byte) []byte
}

// sigMark stands for the signature in the head of a letter.
const sigMark = '#'

// newLetter makes a request; digits is how many the signature has, and header
// what stands before them.
func newLetter(host, path, header string, digits int, body []byte, sum func([]byte) []byte) *letter {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: intercom-parrot-service-client/1.0\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: %d\r\n%s",
		path, host, len(body), header)
	l := &letter{sig: b.Len(), sum: sum}
	b.Write(bytes.Repeat([]byte{sigMark}, digits))
	b.WriteString("\r\n\r\n")
	l.body = b.Len()
	b.Write(body)
	l.raw = b.Bytes()
	return l
}

// field is where a number of fixed width stands in a letter.
type field struct{ at, width int }

// find returns the places of a run of one mark in the body.
func (l *letter) find(mark string) []field {
	var out []field
	for at := l.body; ; {
		i := bytes.Index(l.raw[at:], []byte(mark))
		if i < 0 {
			return out
		}
		out = append(out, field{at + i, len(mark)})
		at += i + len(mark)
	}
}

// put writes a number with leading zeros.
func (l *letter) put(f field, n int64) {
	for i := f.at + f.width - 1; i >= f.at; i-- {
		l.raw[i] = byte('0' + n%10)
		n /= 10
	}
}

const hexDigits = "0123456789abcdef"

// sign writes the signature of the body as it stands.
func (l *letter) sign() {
	for i, b := range l.sum(l.raw[l.body:]) {
		l.raw[l.sig+2*i], l.raw[l.sig+2*i+1] = hexDigits[b>>4], hexDigits[b&15]
	}
}
