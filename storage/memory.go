package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MemoryStore keeps names in memory, for tests. Its zero value is empty and ready.
type MemoryStore struct {
	// Now gives Info.Modified; nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	puts  int
	items map[string]memoryItem
}

type memoryItem struct {
	info Info
	data []byte
}

// Put keeps a copy of the body.
func (m *MemoryStore) Put(ctx context.Context, name string, body *Sealed, opts PutOptions) (Info, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return Info{}, err
	}
	raw, err := body.Raw()
	if err != nil {
		return Info{}, err
	}
	data, err := io.ReadAll(&ctxReader{ctx, raw})
	if err != nil {
		return Info{}, &Error{Op: "write", Name: name, Err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, there := m.items[name]
	switch {
	case opts.Replace == "" && there:
		return Info{}, &Error{Op: "publish", Name: name, Err: ErrExists}
	case opts.Replace != "" && opts.Replace != ReplaceAny && opts.Replace != old.info.Version:
		return Info{}, &Error{Op: "replace", Name: name, Err: ErrChanged}
	}
	now := time.Now
	if m.Now != nil {
		now = m.Now
	}
	m.puts++
	info := Info{
		Name: name, Size: body.Size, Modified: now().UTC(), Checksum: body.SHA256,
		Version: strconv.Itoa(m.puts), Metadata: maps.Clone(opts.Metadata),
	}
	if m.items == nil {
		m.items = map[string]memoryItem{}
	}
	m.items[name] = memoryItem{info, data}
	return info, nil
}

// Get opens the bytes as they are now.
func (m *MemoryStore) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	item, err := m.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(item.data)), nil
}

// Stat tells about a name.
func (m *MemoryStore) Stat(ctx context.Context, name string) (Info, error) {
	item, err := m.find(ctx, name)
	return item.info, err
}

func (m *MemoryStore) find(ctx context.Context, name string) (memoryItem, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return memoryItem{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[name]
	if !ok {
		return memoryItem{}, &Error{Op: "open", Name: name, Err: ErrNotFound}
	}
	item.info.Metadata = maps.Clone(item.info.Metadata)
	return item, nil
}

// List yields the names of one moment.
func (m *MemoryStore) List(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		m.mu.Lock()
		items := maps.Clone(m.items)
		m.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(items)) {
			if err := ctx.Err(); err != nil {
				yield(Info{}, err)
				return
			}
			if !yield(items[name].info, nil) {
				return
			}
		}
	}
}

// Delete forgets a name.
func (m *MemoryStore) Delete(ctx context.Context, name, version string) error {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if version != "" && m.items[name].info.Version != version {
		return &Error{Op: "delete", Name: name, Err: ErrChanged}
	}
	delete(m.items, name)
	return nil
}
