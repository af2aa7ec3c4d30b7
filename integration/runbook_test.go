package integration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecoverCredentialsRunbook types the commands of the runbook, word for word, against the recorded database: the
// blocks marked "sh".
func TestRecoverCredentialsRunbook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", "recover-credentials.md"))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, part := range strings.Split(string(text), "```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		script.WriteString(block)
	}
	if script.Len() == 0 {
		t.Fatal("the runbook has no commands")
	}
	d := newDatabase(t)
	d.load(t)
	shell := exec.Command("sh", "-eu", "-c", script.String())
	shell.Dir = t.TempDir()
	shell.Env = []string{"PATH=" + filepath.Dir(buildProgram(t)) + string(os.PathListSeparator) + os.Getenv("PATH"), "MONGODB_URI=" + d.uri}
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v after:\n%s", err, out)
	}
	written, err := os.ReadFile(filepath.Join(shell.Dir, "pritunl.env"))
	if err != nil || !strings.Contains(string(written), "PRITUNL_TOKEN=FAKETOKEN") {
		t.Errorf("the file with the pair holds %q, %v", written, err)
	}
}
