package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

// checkRestoreFiles finds out before the first write whether what comes last can be written: passwords and report.
func checkRestoreFiles(passwords, report string, plan *restore.Plan) error {
	creates := func(a *restore.Action) bool { return a.Kind == snapshot.Administrators && a.Verb == restore.Create }
	if slices.ContainsFunc(plan.Actions, creates) {
		if _, err := os.Lstat(passwords); err == nil {
			return passwordsExist(passwords)
		}
		if err := checkWritable(passwords); err != nil {
			return usageError(fmt.Sprintf("the passwords of new administrators cannot be written: %v", err), "name another file with --passwords")
		}
	}
	if report == "" {
		return nil
	}
	if err := checkWritable(report); err != nil {
		return usageError(fmt.Sprintf("the report cannot be written: %v", err), "name another file with --report")
	}
	return nil
}

// checkWritable tells whether a file can be written, and leaves none behind.
func checkWritable(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY, 0)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if f, err = os.CreateTemp(filepath.Dir(path), ".pritunl-backup-*"); err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func passwordsExist(path string) error {
	return &exitError{code: codeRefused, err: fmt.Errorf("%s is already there, and may hold passwords", path), hint: "name a new file with --passwords"}
}

// passwordFile appears with the first password, for its owner alone, and never over another file.
type passwordFile struct {
	path string
	file *os.File
}

func (p *passwordFile) write(username string, password api.Secret) error {
	if p.file == nil {
		f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return passwordsExist(p.path)
		}
		if err != nil {
			return fmt.Errorf("write the passwords: %w", err)
		}
		p.file = f
	}
	if _, err := fmt.Fprintf(p.file, "%s\t%s\n", visible(username), password.Reveal()); err != nil {
		return fmt.Errorf("write the passwords: %w", err)
	}
	return p.file.Sync()
}

func (p *passwordFile) close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

func writeReport(path string, report *restore.Report) error {
	var text bytes.Buffer
	if err := report.WriteJSON(&text); err != nil {
		return err
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
