package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/monitor"
)

// job is a run that monitoring hears of, as it fills in what it did.
type job struct {
	monitor.Run
	idle bool // another node did the work, and tells of it
}

// monitoring says who hears what became of a run.
type monitoring struct {
	metricsFile string
	pushgateway string
	labels      monitor.Labels
	heartbeat   monitor.Heartbeat
}

func heartbeatVariables() []variable {
	return []variable{
		{flag: "heartbeat", env: "PRITUNL_BACKUP_HEARTBEAT", secret: true, usage: "address to request after success, with /start added before and with /fail added after a failure"},
		{flag: "heartbeat-start", env: "PRITUNL_BACKUP_HEARTBEAT_START", secret: true, usage: "another address for the start"},
		{flag: "heartbeat-success", env: "PRITUNL_BACKUP_HEARTBEAT_SUCCESS", secret: true, usage: "another address for success"},
		{flag: "heartbeat-failure", env: "PRITUNL_BACKUP_HEARTBEAT_FAILURE", secret: true, usage: "another address for failure"},
		logFormatVariable(),
	}
}

func metricsVariables() []variable {
	return []variable{
		{flag: "metrics-file", env: "PRITUNL_BACKUP_METRICS_FILE", usage: "write Prometheus metrics to this file (NAME.prom) at the end, also of a run that failed"},
		{flag: "pushgateway", env: "PRITUNL_BACKUP_PUSHGATEWAY", secret: true, usage: "push them to this Prometheus Pushgateway"},
	}
}

func logFormatVariable() variable {
	return variable{flag: "log-format", env: "PRITUNL_BACKUP_LOG_FORMAT", usage: "of what is said on standard error: text or json", initial: logText}
}

func metricsFlags() []cli.Flag {
	return append(flagsOf(metricsVariables()), &cli.StringSliceFlag{Name: "metrics-label", Usage: "put this label on all metrics, `NAME=VALUE`; repeatable"})
}

// parseMonitoring resolves who is told. A command without metrics has none of their flags.
func parseMonitoring(c *cli.Context, s *settings) (monitoring, error) {
	m := monitoring{labels: monitor.Labels{}}
	variables := heartbeatVariables()
	if findFlag(c.Command.Flags, "metrics-file") != nil {
		variables = append(variables, metricsVariables()...)
	}
	value := map[string]string{}
	for _, v := range variables {
		found, err := s.get(v)
		if err != nil {
			return m, err
		}
		if value[v.flag] = found.value; found.secret && found.value != "" {
			if err := monitor.CheckURL(found.value); err != nil {
				return m, usageError(fmt.Sprintf("%s: %v", found.origin, err), "")
			}
		}
	}
	if format := value["log-format"]; format != logText && format != logJSON {
		return m, usageError(fmt.Sprintf("--log-format %q is neither text nor json", format), "")
	}
	m.metricsFile, m.pushgateway = value["metrics-file"], value["pushgateway"]
	m.heartbeat = heartbeats(value["heartbeat"])
	for flag, target := range map[string]*string{
		"heartbeat-start": &m.heartbeat.Start, "heartbeat-success": &m.heartbeat.Success, "heartbeat-failure": &m.heartbeat.Failure,
	} {
		if value[flag] != "" {
			*target = value[flag]
		}
	}
	for _, text := range c.StringSlice("metrics-label") {
		name, label, ok := strings.Cut(text, "=")
		if !ok {
			return m, usageError(fmt.Sprintf("--metrics-label %q is not NAME=VALUE", text), "")
		}
		if err := monitor.CheckLabel(name, label); err != nil {
			return m, usageError("--metrics-label: "+err.Error(), "")
		}
		m.labels[name] = label
	}
	return m, nil
}

// heartbeats are the three addresses that healthchecks.io and its like make of one; a query stays behind the path.
func heartbeats(base string) monitor.Heartbeat {
	if base == "" {
		return monitor.Heartbeat{}
	}
	path, query, asked := strings.Cut(base, "?")
	path = strings.TrimRight(path, "/")
	if asked {
		query = "?" + query
	}
	return monitor.Heartbeat{Start: path + "/start" + query, Success: base, Failure: path + "/fail" + query}
}

// monitored does a job and tells of it. What goes wrong with the telling is a warning and changes no exit code.
func (env *environment) monitored(ctx context.Context, m monitoring, command string, work func(*job) error) error {
	j := &job{Run: monitor.Run{Command: command, Version: Version, Started: env.now()}}
	env.warnAll(m.heartbeat.Tell(ctx, monitor.Start, j.Run))
	err := work(j)
	if j.idle {
		return err
	}
	j.Finished, j.ExitCode, j.Succeeded, j.Warnings = env.now(), runCode(ctx, err), err == nil, env.out.warnings()
	if err != nil {
		j.Error = brief(err)
	}
	event := monitor.Success
	if !j.Succeeded {
		event = monitor.Failure
	}
	env.out.endProgress()
	if m.metricsFile != "" {
		env.warnAll(monitor.WriteTextfile(m.metricsFile, j.Run, m.labels))
	}
	if m.pushgateway != "" {
		env.warnAll(monitor.Push(ctx, m.pushgateway, j.Run, m.labels, monitor.Sender{}))
	}
	env.warnAll(m.heartbeat.Tell(ctx, event, j.Run))
	return err
}

func (env *environment) warnAll(warnings []string) {
	for _, w := range warnings {
		env.out.warn("%s", w)
	}
}

// runCode is the exit code of a run: an interruption outweighs what it broke.
func runCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return codeOK
	case ctx.Err() != nil && !isReported(err):
		return codeInterrupted
	}
	return exitCode(err)
}

// tell fills in what an export found.
func (j *job) tell(r exportReport, host string) {
	j.Host, j.Complete, j.Unchanged, j.Bytes, j.Counts = host, r.Complete, r.Unchanged, r.Size, map[string]int{}
	for kind, n := range r.Counts {
		j.Counts[string(kind)] = n
	}
}
