package cli

import (
	"fmt"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

func kindNames() string {
	var names []string
	for _, k := range snapshot.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// selectKinds gives nil for everything. A kind brings what belongs to it: servers their routes, links their locations.
func selectKinds(only, skip string) ([]snapshot.Kind, error) {
	if only == "" && skip == "" {
		return nil, nil
	}
	wanted, err := parseKinds("--only", only)
	if err != nil {
		return nil, err
	}
	if only == "" {
		wanted = snapshot.Kinds()
	}
	unwanted, err := parseKinds("--skip", skip)
	if err != nil {
		return nil, err
	}
	kinds := slices.DeleteFunc(slices.Clone(wanted), func(k snapshot.Kind) bool { return slices.Contains(unwanted, k) })
	if len(kinds) == 0 {
		return nil, usageError("--only and --skip leave nothing", "")
	}
	return kinds, nil
}

func parseKinds(flag, list string) ([]snapshot.Kind, error) {
	var kinds []snapshot.Kind
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		kind, ok := snapshot.ParseKind(name)
		if !ok {
			return nil, usageError(fmt.Sprintf("%s: %q is no kind", flag, name), "the kinds are "+kindNames())
		}
		kinds = append(kinds, kind)
		switch kind {
		case snapshot.Servers:
			kinds = append(kinds, snapshot.ServerOrganizations, snapshot.ServerRoutes, snapshot.ServerHosts, snapshot.ServerLinks)
		case snapshot.Links:
			kinds = append(kinds, snapshot.Locations)
		}
	}
	return kinds, nil
}
