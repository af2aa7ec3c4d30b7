package mongo_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// wire is a listener that speaks just enough of MongoDB's protocol to answer as a test wants.
type wire struct {
	t        *testing.T
	listener net.Listener
	answer   func(command string, body bson.Raw) reply

	mu       sync.Mutex
	commands []string
	bodies   []bson.Raw
}

// reply is what the listener does with one command.
type reply struct {
	body  bson.D
	stall bool // never answer
	cut   bool // close the connection instead
}

func ok(fields ...bson.E) reply {
	return reply{body: append(bson.D(fields), bson.E{Key: "ok", Value: 1.0})}
}

func refuse(code int32, name, message string) reply {
	return reply{body: bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: message}, {Key: "code", Value: code}, {Key: "codeName", Value: name}}}
}

// batch answers a find with documents; id 0 means there are no more.
func batch(id int64, docs ...any) reply {
	return ok(bson.E{Key: "cursor", Value: bson.D{{Key: "firstBatch", Value: append(bson.A{}, docs...)}, {Key: "id", Value: id}, {Key: "ns", Value: "pritunl.x"}}})
}

func more(id int64, docs ...any) reply {
	return ok(bson.E{Key: "cursor", Value: bson.D{{Key: "nextBatch", Value: append(bson.A{}, docs...)}, {Key: "id", Value: id}, {Key: "ns", Value: "pritunl.x"}}})
}

func listen(t *testing.T, answer func(command string, body bson.Raw) reply) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listener: l, answer: answer}
	var open sync.WaitGroup
	var conns []net.Conn
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			conns = append(conns, conn)
			w.mu.Unlock()
			open.Go(func() { w.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		open.Wait()
	})
	return w
}

func (w *wire) uri(userinfo string) mongo.Secret {
	if userinfo != "" {
		userinfo += "@"
	}
	return mongo.Secret("mongodb://" + userinfo + w.listener.Addr().String() + "/pritunl")
}

// seen lists the commands that were not part of the connection's upkeep.
func (w *wire) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.commands, " ")
}

func (w *wire) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		header := make([]byte, 16)
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		size := binary.LittleEndian.Uint32(header)
		if size < 16 || size > 1<<24 {
			return
		}
		message := make([]byte, size-16)
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		request := binary.LittleEndian.Uint32(header[4:])
		opcode := binary.LittleEndian.Uint32(header[12:])
		body, legacy := bodyOf(opcode, message)
		if body == nil {
			return
		}
		answer := w.handle(body)
		if answer.cut {
			return
		}
		if answer.stall {
			continue
		}
		if _, err := conn.Write(encodeReply(w.t, request, legacy, answer.body)); err != nil {
			return
		}
	}
}

func (w *wire) handle(body bson.Raw) reply {
	first, err := body.IndexErr(0)
	if err != nil {
		return reply{cut: true}
	}
	command := first.Key()
	switch command {
	case "hello", "isMaster", "ismaster":
		if a := w.answer("hello", body); a.body != nil || a.stall || a.cut {
			return a
		}
		return hello()
	case "endSessions":
		return ok()
	}
	w.mu.Lock()
	w.commands = append(w.commands, command)
	w.bodies = append(w.bodies, append(bson.Raw(nil), body...))
	w.mu.Unlock()
	if a := w.answer(command, body); a.body != nil || a.stall || a.cut {
		return a
	}
	return ok()
}

func hello(extra ...bson.E) reply {
	return ok(append([]bson.E{
		{Key: "helloOk", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "ismaster", Value: true},
		{Key: "maxBsonObjectSize", Value: int32(16777216)}, {Key: "maxMessageSizeBytes", Value: int32(48000000)},
		{Key: "maxWriteBatchSize", Value: int32(100000)}, {Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)},
		{Key: "localTime", Value: bson.NewDateTimeFromTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))},
	}, extra...)...)
}

// bodyOf finds the command document in OP_QUERY (the first hello) or OP_MSG; sections of kind 1 are folded in.
func bodyOf(opcode uint32, message []byte) (body bson.Raw, legacy bool) {
	switch opcode {
	case 2004:
		end := 4
		for end < len(message) && message[end] != 0 {
			end++
		}
		if end+9 > len(message) {
			return nil, true
		}
		return bson.Raw(message[end+9:]), true
	case 2013:
		rest := message[4:]
		for len(rest) > 5 {
			size := int(binary.LittleEndian.Uint32(rest[1:]))
			if rest[0] == 0 {
				return bson.Raw(rest[1 : 1+size]), false
			}
			rest = rest[1+size:]
		}
	}
	return nil, false
}

func encodeReply(t *testing.T, request uint32, legacy bool, body bson.D) []byte {
	doc, err := bson.Marshal(body)
	if err != nil {
		t.Errorf("marshal a reply: %v", err)
	}
	var payload []byte
	opcode := uint32(2013)
	if legacy {
		opcode = 1
		payload = append(make([]byte, 16), 1, 0, 0, 0)
	} else {
		payload = make([]byte, 5)
	}
	payload = append(payload, doc...)
	out := make([]byte, 16)
	binary.LittleEndian.PutUint32(out, uint32(16+len(payload)))
	binary.LittleEndian.PutUint32(out[8:], request)
	binary.LittleEndian.PutUint32(out[12:], opcode)
	return append(out, payload...)
}
