package secrets_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"pritunl-backup/secrets"
)

// service speaks the wire protocol of both services: JSON 1.1 with the
// operation in X-Amz-Target.
type service struct {
	t       *testing.T
	secrets map[string]string
	binary  map[string][]byte
	params  map[string]string
	// refuse maps an operation to the code and message of a refusal.
	refuse map[string][2]string
	calls  []string
	region string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	_, op, _ := strings.Cut(target, ".")
	s.calls = append(s.calls, op)
	if ct := r.Header.Get("Content-Type"); ct != "application/x-amz-json-1.1" {
		s.t.Errorf("content type %q", ct)
	}
	// Credential=<key>/<date>/<region>/<service>/aws4_request
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 {
		s.region = scope[2]
	} else {
		s.t.Errorf("request is not signed: %q", r.Header.Get("Authorization"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	var in struct {
		SecretID                               string `json:"SecretId"`
		SecretString, Name, ClientRequestToken string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		s.t.Error(err)
	}
	if why, ok := s.refuse[op]; ok {
		s.fault(w, why[0], why[1])
		return
	}
	switch target {
	case "secretsmanager.GetSecretValue":
		if b, ok := s.binary[in.SecretID]; ok {
			s.answer(w, map[string]any{"SecretBinary": base64.StdEncoding.EncodeToString(b)})
			return
		}
		text, ok := s.secrets[in.SecretID]
		if !ok {
			s.fault(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
			return
		}
		s.answer(w, map[string]any{"Name": in.SecretID, "SecretString": text, "VersionId": "v1"})
	case "secretsmanager.PutSecretValue":
		if in.ClientRequestToken == "" {
			s.t.Error("a write without a token is repeated as a second version")
		}
		s.secrets[in.SecretID] = in.SecretString
		s.answer(w, map[string]any{"VersionId": "v2"})
	case "secretsmanager.CreateSecret":
		s.secrets[in.Name] = in.SecretString
		s.answer(w, map[string]any{"Name": in.Name, "VersionId": "v1"})
	case "AmazonSSM.GetParameter":
		if !strings.Contains(string(body), `"WithDecryption":true`) {
			s.t.Error("parameter read without decryption")
		}
		text, ok := s.params[in.Name]
		if !ok {
			s.fault(w, "ParameterNotFound", "")
			return
		}
		s.answer(w, map[string]any{"Parameter": map[string]any{"Name": in.Name, "Value": text, "Type": "SecureString"}})
	default:
		s.t.Errorf("unexpected %s", target)
	}
}

func (s *service) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.t.Error(err)
	}
}

func (s *service) fault(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
}

func start(t *testing.T, s *service) *secrets.Client {
	t.Helper()
	s.t = t
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return secrets.New(config(), server.URL)
}

func config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("FAKEKEY", "FAKESECRETKEY", ""),
		RetryMaxAttempts: 1,
	}
}

const stored = `{"url":"https://vpn.example.com","token":"FAKETOKEN","secret":"FAKESECRET","mongodb_uri":"mongodb://db/?a=1&b=<2>","age_identity":"FAKE-AGE-KEY"}`

var all = secrets.Values{
	URL: "https://vpn.example.com", Token: "FAKETOKEN", Secret: "FAKESECRET",
	MongoURI: "mongodb://db/?a=1&b=<2>", AgeIdentity: "FAKE-AGE-KEY",
}

func TestRead(t *testing.T) {
	tests := map[string]struct {
		text string
		want secrets.Values
		kind error
		says string
	}{
		"everything":      {stored, all, nil, ""},
		"a part":          {`{"token":" FAKETOKEN\n","secret":"FAKESECRET","url":null,"other":{"x":1}}`, secrets.Values{Token: "FAKETOKEN", Secret: "FAKESECRET"}, nil, ""},
		"no member of it": {`{"username":"FAKEUSER","password":"FAKESECRET"}`, secrets.Values{}, secrets.ErrMalformed, "it has password, username"},
		"empty object":    {`{}`, secrets.Values{}, secrets.ErrMalformed, "it is empty"},
		"plain text":      {`FAKESECRET`, secrets.Values{}, secrets.ErrMalformed, "not a json object"},
		"list":            {`["FAKESECRET"]`, secrets.Values{}, secrets.ErrMalformed, "not a json object"},
		"null":            {`null`, secrets.Values{}, secrets.ErrMalformed, "not a json object"},
		"cut":             {`{"token":"FAKESECRET`, secrets.Values{}, secrets.ErrMalformed, "not a json object"},
		"trailing text":   {`{"token":"FAKESECRET"} FAKESECRET`, secrets.Values{}, secrets.ErrMalformed, "text after"},
		"wrong type":      {`{"token":["FAKESECRET"]}`, secrets.Values{}, secrets.ErrMalformed, `"token" is not a text`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &service{secrets: map[string]string{"vpn": tt.text}, params: map[string]string{"/vpn": tt.text}, binary: map[string][]byte{"bin": []byte(tt.text)}}
			c := start(t, s)
			reads := map[string]func() (secrets.Values, error){
				"secret":        func() (secrets.Values, error) { return c.ReadSecret(t.Context(), "vpn") },
				"binary secret": func() (secrets.Values, error) { return c.ReadSecret(t.Context(), "bin") },
				"parameter":     func() (secrets.Values, error) { return c.ReadParameter(t.Context(), "/vpn") },
			}
			for what, read := range reads {
				before := len(s.calls)
				got, err := read()
				if len(s.calls) != before+1 {
					t.Errorf("%s: %d calls", what, len(s.calls)-before)
				}
				check(t, err, tt.kind, tt.says)
				if got != tt.want {
					t.Errorf("%s: values differ, have %v", what, got.Names())
				}
			}
		})
	}
}

func check(t *testing.T, err, kind error, says string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	if err == nil {
		return
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error %q does not say %q", err, says)
	}
	for _, secret := range []string{"FAKESECRET", "FAKETOKEN", "FAKEUSER"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error %q shows a value", err)
		}
	}
	var e *secrets.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T", err)
	}
	if !errors.Is(kind, secrets.ErrOther) && e.Hint() == "" {
		t.Errorf("no hint with %q", err)
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		code, message string
		kind          error
		says, hint    string
	}{
		"denied":              {"AccessDeniedException", "User: arn:aws:iam::000000000000:user/x is not authorized", secrets.ErrDenied, "access denied", "secretsmanager:GetSecretValue"},
		"key denied":          {"DecryptionFailure", "", secrets.ErrDenied, "encryption key", "kms:Decrypt"},
		"unknown key id":      {"UnrecognizedClientException", "The security token included in the request is invalid.", secrets.ErrCredentials, "credentials", "credential chain"},
		"expired":             {"ExpiredTokenException", "", secrets.ErrCredentials, "credentials", "credential chain"},
		"missing":             {"ResourceNotFoundException", "", secrets.ErrMissing, "not found", "region"},
		"marked for deletion": {"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", secrets.ErrMissing, "marked for deletion", "region"},
		"something else":      {"InternalServiceError", "try again", secrets.ErrOther, "InternalServiceError: try again", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := start(t, &service{secrets: map[string]string{"vpn": stored}, refuse: map[string][2]string{"GetSecretValue": {tt.code, tt.message}}})
			_, err := c.ReadSecret(t.Context(), "vpn")
			check(t, err, tt.kind, tt.says)
			var e *secrets.Error
			if errors.As(err, &e) && !strings.Contains(e.Hint(), tt.hint) {
				t.Errorf("hint %q", e.Hint())
			}
		})
	}
}

func TestMissingParameterAsksForTheParameterPermission(t *testing.T) {
	c := start(t, &service{})
	_, err := c.ReadParameter(t.Context(), "/vpn")
	check(t, err, secrets.ErrMissing, "read parameter /vpn: not found")
	c = start(t, &service{refuse: map[string][2]string{"GetParameter": {"AccessDeniedException", ""}}})
	_, err = c.ReadParameter(t.Context(), "/vpn")
	var e *secrets.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint(), "ssm:GetParameter") {
		t.Errorf("error %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := secrets.New(config(), server.URL).ReadSecret(t.Context(), "vpn")
	check(t, err, secrets.ErrUnreachable, "no answer")
}

func TestNoRegion(t *testing.T) {
	cfg := config()
	cfg.Region = ""
	_, err := secrets.New(cfg, "").ReadSecret(t.Context(), "vpn")
	check(t, err, secrets.ErrUnreachable, "no region")
}

func TestNoCredentials(t *testing.T) {
	cfg := config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found")
	})
	c := secrets.New(cfg, "http://127.0.0.1:1")
	_, err := c.ReadSecret(t.Context(), "vpn")
	check(t, err, secrets.ErrCredentials, "no credentials")
}

func TestCanceledIsNotAFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := start(t, &service{}).ReadSecret(ctx, "vpn")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRegionOfARN(t *testing.T) {
	s := &service{secrets: map[string]string{"arn:aws:secretsmanager:us-east-2:000000000000:secret:vpn-AbCdEf": stored}}
	c := start(t, s)
	if _, err := c.ReadSecret(t.Context(), "arn:aws:secretsmanager:us-east-2:000000000000:secret:vpn-AbCdEf"); err != nil {
		t.Fatal(err)
	}
	if s.region != "us-east-2" {
		t.Errorf("asked in %s", s.region)
	}
}

func TestStore(t *testing.T) {
	pair := secrets.Values{Token: "FAKENEWTOKEN", Secret: "FAKENEWSECRET"}
	tests := map[string]struct {
		id, before, after string
		want              secrets.Stored
		calls             []string
	}{
		"new":       {"vpn", "", `{"secret":"FAKENEWSECRET","token":"FAKENEWTOKEN"}`, secrets.Stored{Created: true, Changed: true, Version: "v1"}, []string{"GetSecretValue", "CreateSecret"}},
		"merge":     {"vpn", `{"token":"FAKETOKEN","mongodb_uri":"mongodb://db/?a=1&b=2","own":{"n":1.50}}`, `{"mongodb_uri":"mongodb://db/?a=1&b=2","own":{"n":1.50},"secret":"FAKENEWSECRET","token":"FAKENEWTOKEN"}`, secrets.Stored{Changed: true, Version: "v2", Kept: []string{"own"}}, []string{"GetSecretValue", "PutSecretValue"}},
		"unchanged": {"vpn", `{"token":"FAKENEWTOKEN","secret":"FAKENEWSECRET","x":1}`, `{"token":"FAKENEWTOKEN","secret":"FAKENEWSECRET","x":1}`, secrets.Stored{Kept: []string{"x"}}, []string{"GetSecretValue"}},
		"empty":     {"vpn", `{}`, `{"secret":"FAKENEWSECRET","token":"FAKENEWTOKEN"}`, secrets.Stored{Changed: true, Version: "v2"}, []string{"GetSecretValue", "PutSecretValue"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &service{secrets: map[string]string{}}
			if tt.before != "" {
				s.secrets[tt.id] = tt.before
			}
			c := start(t, s)
			got, err := c.Store(t.Context(), tt.id, pair)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tt.after, s.secrets[tt.id]); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tt.calls, s.calls); d != "" {
				t.Error(d)
			}
			if v, err := c.ReadSecret(t.Context(), tt.id); err != nil || v.Token != pair.Token || v.Secret != pair.Secret {
				t.Errorf("read back: %v, error %v", v.Names(), err)
			}
		})
	}
}

func TestStoreLeavesAloneWhatItDoesNotUnderstand(t *testing.T) {
	tests := map[string]struct {
		service service
		id      string
		values  secrets.Values
		kind    error
	}{
		"plain text":          {service{secrets: map[string]string{"vpn": "FAKESECRET"}}, "vpn", all, secrets.ErrMalformed},
		"arn of nothing":      {service{}, "arn:aws:secretsmanager:eu-west-1:000000000000:secret:vpn-AbCdEf", all, secrets.ErrMissing},
		"marked for deletion": {service{refuse: map[string][2]string{"GetSecretValue": {"InvalidRequestException", "it was marked for deletion"}}}, "vpn", all, secrets.ErrMissing},
		"denied":              {service{refuse: map[string][2]string{"GetSecretValue": {"AccessDeniedException", ""}}}, "vpn", all, secrets.ErrDenied},
		"too large":           {service{secrets: map[string]string{"vpn": `{"x":"` + strings.Repeat("y", 65_000) + `"}`}}, "vpn", secrets.Values{MongoURI: secrets.Value("mongodb://" + strings.Repeat("z", 600))}, secrets.ErrMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := start(t, &tt.service)
			_, err := c.Store(t.Context(), tt.id, tt.values)
			check(t, err, tt.kind, "store secret "+tt.id)
			if d := cmp.Diff([]string{"GetSecretValue"}, tt.service.calls); d != "" {
				t.Error(d)
			}
		})
	}
	s := &service{}
	if _, err := start(t, s).Store(t.Context(), "vpn", secrets.Values{}); err == nil || len(s.calls) > 0 {
		t.Errorf("storing nothing: calls %v, error %v", s.calls, err)
	}
}

func TestRefusalThatQuotesTheValue(t *testing.T) {
	c := start(t, &service{secrets: map[string]string{"vpn": "{}"}, refuse: map[string][2]string{"PutSecretValue": {"ValidationException", "Value 'FAKESECRET' is bad"}}})
	_, err := c.Store(t.Context(), "vpn", all)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "FAKESECRET") {
			t.Errorf("error %q shows the value", e)
		}
	}
	if err == nil {
		t.Error("no error")
	}
}

func TestValuesDoNotShow(t *testing.T) {
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(raw) + fmt.Sprintf("%v %+v %#v %s %x %q %d", all, all, all, all.Token, all.Token, all.Token, all.Token) + all.Token.LogValue().String()
	for _, secret := range []string{"FAKETOKEN", "FAKESECRET", "FAKE-AGE", "mongodb://", fmt.Sprintf("%x", "FAKETOKEN")} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s is in %s", secret, shown)
		}
	}
}

func TestOpenUsesTheChainOfTheSDK(t *testing.T) {
	s := &service{t: t, secrets: map[string]string{"vpn": stored}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "FAKEKEY")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "FAKESECRETKEY")
	t.Setenv("AWS_CONFIG_FILE", "testdata/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "testdata/none")
	c, err := secrets.Open(t.Context(), secrets.Options{Region: "eu-north-1", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.ReadSecret(t.Context(), "vpn"); err != nil || v != all {
		t.Errorf("read %v, error %v", v.Names(), err)
	}
	if s.region != "eu-north-1" {
		t.Errorf("asked in %s", s.region)
	}
	if _, err := secrets.Open(t.Context(), secrets.Options{Profile: "nobody"}); err == nil {
		t.Error("a profile that does not exist is taken")
	}
}
