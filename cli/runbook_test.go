package cli_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"pritunl-backup/simulator"
)

// TestRunbooks types every command of the runbooks, word for word, in the order in which they stand: the blocks
// marked "sh". What a runbook takes as given (files with addresses and credentials) is made by its case here.
func TestRunbooks(t *testing.T) {
	cases := map[string]func(t *testing.T, r *runbook){
		"nightly-backup": func(t *testing.T, r *runbook) {
			r.env("job.env", r.instance(t, simulator.Options{Seed: "demo"}), "PRITUNL_BACKUP_TO=backups/")
			r.key(t)
		},
		"migrate": func(t *testing.T, r *runbook) {
			r.env("old.env", r.instance(t, simulator.Options{Seed: "demo"}))
			r.env("new.env", r.instance(t, simulator.Options{Hosts: 2, Random: 7}))
		},
		"before-upgrade": func(t *testing.T, r *runbook) {
			r.variables = append(r.variables, r.instance(t, simulator.Options{Seed: "demo"})...)
		},
		"restore-drill": func(t *testing.T, r *runbook) {
			r.variables = append(r.variables, r.instance(t, simulator.Options{Seed: "demo"})...)
			r.env("rehearsal.env", r.instance(t, simulator.Options{Hosts: 2, Random: 7}))
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRunbook(t)
			prepare(t, r)
			text, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			blocks := shellBlocks(string(text))
			if len(blocks) == 0 {
				t.Fatal("the runbook has no commands")
			}
			r.run(t, strings.Join(blocks, "\n"))
		})
	}
}

// shellBlocks gives the fenced blocks marked "sh" of a Markdown text.
func shellBlocks(text string) []string {
	var blocks []string
	for _, part := range strings.Split(text, "```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}

type runbook struct {
	dir       string
	variables []string
	secrets   []string
}

func newRunbook(t *testing.T) *runbook {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is the program when it is called by the program's name.
	if err := os.Symlink(self, filepath.Join(bin, "pritunl-backup")); err != nil {
		t.Fatal(err)
	}
	path := bin + string(os.PathListSeparator) + os.Getenv("PATH")
	return &runbook{dir: dir, variables: []string{"PATH=" + path, "HOME=" + dir, "TMPDIR=" + t.TempDir()}}
}

func (r *runbook) instance(t *testing.T, opts simulator.Options) []string {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	token, secret := sim.Credentials()
	r.secrets = append(r.secrets, token, secret)
	return []string{"PRITUNL_URL=" + server.URL, "PRITUNL_TOKEN=" + token, "PRITUNL_SECRET=" + secret}
}

func (r *runbook) env(name string, variables []string, more ...string) {
	text := strings.Join(append(variables, more...), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		panic(err)
	}
}

func (r *runbook) key(t *testing.T) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r.env("key.txt", []string{key.String()})
	r.env("recipients.txt", []string{key.Recipient().String()})
}

func (r *runbook) run(t *testing.T, script string) {
	t.Helper()
	shell := exec.Command("sh", "-eu", "-c", script)
	shell.Dir, shell.Env = r.dir, r.variables
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v after:\n%s", err, tail(string(out), 40))
	}
	for _, secret := range r.secrets {
		if strings.Contains(string(out), secret) {
			t.Error("a secret was printed")
		}
	}
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
