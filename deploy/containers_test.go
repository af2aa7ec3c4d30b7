package deploy_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestKubernetes(t *testing.T) {
	docs := yaml(t, "kubernetes/cronjob.yaml")
	if len(docs) != 2 || docs[0].str("kind") != "ServiceAccount" || docs[1].str("kind") != "CronJob" || docs[1].str("apiVersion") != "batch/v1" {
		t.Fatalf("%d documents", len(docs))
	}
	job := docs[1].at("spec", "jobTemplate", "spec")
	pod := job.at("template", "spec")
	if pod.str("restartPolicy") != "Never" || pod.str("serviceAccountName") != docs[0].at("metadata").str("name") {
		t.Error("restart policy or service account")
	}
	if pod.at("securityContext").str("runAsNonRoot") != "true" || pod.at("securityContext").str("runAsUser") != "65532" {
		t.Error("may run as root")
	}
	volumes := map[string]bool{}
	for _, v := range pod.at("volumes").list {
		volumes[v.str("name")] = true
	}
	containers := append(slices.Clone(pod.at("initContainers").list), pod.at("containers").list...)
	var calls [][]string
	for _, c := range containers {
		calls = append(calls, c.at("args").strings())
		s := c.at("securityContext")
		if s.str("readOnlyRootFilesystem") != "true" || s.str("allowPrivilegeEscalation") != "false" || s.at("capabilities").str("drop") != "[ALL]" {
			t.Errorf("%s is not locked down", c.str("name"))
		}
		mounted := map[string]bool{}
		for _, m := range c.at("volumeMounts").list {
			if !volumes[m.str("name")] {
				t.Errorf("no volume %s", m.str("name"))
			}
			mounted[m.str("mountPath")] = true
		}
		if !mounted["/tmp"] {
			t.Errorf("%s cannot write temporary files", c.str("name"))
		}
		for _, e := range c.at("env").list {
			checkVariable(t, e.str("name"))
			if strings.HasSuffix(e.str("name"), "_FILE") && !mounted[filepath.Dir(e.str("value"))] {
				t.Errorf("%s is in no volume", e.str("value"))
			}
		}
	}
	checkJob(t, calls)
}

func TestCompose(t *testing.T) {
	doc := yaml(t, "compose/compose.yaml")[0]
	if doc.at("x-job").str("read_only") != "true" || doc.at("x-job").str("cap_drop") != "[ALL]" || !strings.Contains(doc.at("x-job").str("tmpfs"), "/tmp") {
		t.Error("the job is not locked down")
	}
	var calls [][]string
	for _, name := range []string{"export", "prune"} {
		s := doc.at("services", name)
		if s.str("<<") != "*job" {
			t.Errorf("%s does not take over the common part", name)
		}
		calls = append(calls, s.at("command").strings())
		for variable, value := range s.at("environment").fields {
			checkVariable(t, variable)
			if secret, ok := strings.CutPrefix(value.text, "/run/secrets/"); ok {
				if _, declared := doc.at("secrets").fields[secret]; !declared || !strings.Contains(s.str("secrets"), secret) {
					t.Errorf("secret %s is not declared", secret)
				}
			}
		}
	}
	checkJob(t, calls)
}
