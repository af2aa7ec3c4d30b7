package terraform_test

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The documented schema of disc/pritunl 0.7.2 and of the blocks of Terraform
// itself that are used: "type.label" or "type" to arguments; a type in capitals is
// required, a type that ends in {} is a nested block.
var documented = map[string]string{
	"terraform":                     "required_version:string required_providers{}",
	"terraform.required_providers":  "pritunl:object",
	"provider.pritunl":              "url:string token:string secret:string insecure:bool connection_check:bool",
	"variable":                      "description:string type:any sensitive:bool default:string",
	"import":                        "to:ANY id:STRING",
	"locals":                        "*",
	"lifecycle":                     "ignore_changes:any",
	"data.pritunl_host":             "hostname:STRING",
	"data.pritunl_hosts":            "",
	"resource.pritunl_organization": "name:STRING",
	"resource.pritunl_user": "name:STRING organization_id:STRING auth_type:string bypass_secondary:bool client_to_client:bool disabled:bool " +
		"dns_servers:list dns_suffix:string email:string groups:list mac_addresses:list network_links:list pin:string port_forwarding:maps lifecycle{}",
	"resource.pritunl_server": "name:STRING allowed_devices:string bind_address:string block_outside_dns:bool cipher:string debug:bool " +
		"device_auth:bool dh_param_bits:number dns_mapping:bool dns_servers:list dynamic_firewall:bool geo_sort:bool groups:list hash:string host_ids:list " +
		"inactive_timeout:number inter_client:bool ipv6:bool link_ping_interval:number link_ping_timeout:number max_clients:number " +
		"max_devices:number mss_fix:number multi_device:bool network:string network_end:string network_mode:string network_start:string " +
		"network_wg:string organization_ids:list otp_auth:bool ping_interval:number ping_timeout:number port:number port_wg:number " +
		"pre_connect_msg:string protocol:string replica_count:number restrict_routes:bool search_domain:string session_timeout:number " +
		"sso_auth:bool status:string vxlan:bool route{} lifecycle{}",
	"resource.pritunl_server.route": "network:STRING comment:string nat:bool net_gateway:bool",
}

// together are arguments that need each other.
var together = map[string][]string{
	"network_wg": {"port_wg"}, "port_wg": {"network_wg"},
	"network_start": {"network_mode", "network_end"}, "network_end": {"network_mode", "network_start"},
	"status": {"organization_ids"},
}

type checker struct {
	declared map[string]bool // "pritunl_user.x", "data.pritunl_host.x", "var.x", "local.x"
	fail     func(string, ...any)
}

func (c checker) declare(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		var names []string
		switch b.Type {
		case "resource":
			names = append(names, strings.Join(b.Labels, "."))
		case "data":
			names = append(names, "data."+strings.Join(b.Labels, "."))
		case "variable":
			names = append(names, "var."+b.Labels[0])
		case "locals":
			for name := range b.Body.Attributes {
				names = append(names, "local."+name)
			}
		}
		for _, n := range names {
			if c.declared[n] {
				c.fail("%s is declared twice", n)
			}
			c.declared[n] = true
		}
	}
}

func (c checker) file(body *hclsyntax.Body) {
	if len(body.Attributes) > 0 {
		c.fail("arguments outside of blocks")
	}
	for _, b := range body.Blocks {
		key := b.Type
		if len(b.Labels) > 0 && b.Type != "variable" {
			key += "." + b.Labels[0]
		}
		for _, l := range b.Labels {
			if !hclsyntax.ValidIdentifier(l) {
				c.fail("label %q is no identifier", l)
			}
		}
		c.block(key, b)
	}
}

func (c checker) block(key string, b *hclsyntax.Block) {
	schema, ok := documented[key]
	if !ok {
		c.fail("block %s is not documented", key)
		return
	}
	types := make(map[string]string)
	for _, arg := range strings.Fields(schema) {
		name, typ, _ := strings.Cut(arg, ":")
		types[name] = typ
		if _, have := b.Body.Attributes[name]; typ != "" && typ == strings.ToUpper(typ) && !have {
			c.fail("%s lacks %s", key, name)
		}
	}
	for name, a := range b.Body.Attributes {
		typ, known := types[name]
		if !known && schema != "*" {
			c.fail("%s has no argument %s", key, name)
		}
		for _, other := range together[name] {
			if _, have := b.Body.Attributes[other]; !have {
				c.fail("%s: %s without %s", key, name, other)
			}
		}
		if name != "ignore_changes" && key != "variable" {
			c.references(key, a.Expr)
		}
		c.typed(key+"."+name, strings.ToLower(typ), a.Expr)
	}
	for _, nested := range b.Body.Blocks {
		if _, known := types[nested.Type+"{}"]; !known {
			c.fail("%s has no block %s", key, nested.Type)
		}
		inner := key + "." + nested.Type
		if nested.Type == "lifecycle" {
			inner = nested.Type
		}
		c.block(inner, nested)
	}
}

func (c checker) references(key string, e hclsyntax.Expression) {
	for _, v := range e.Variables() {
		parts := []string{v.RootName()}
		for _, step := range v[1:] {
			if a, ok := step.(hcl.TraverseAttr); ok {
				parts = append(parts, a.Name)
			}
		}
		n := 2
		if parts[0] == "data" {
			n = 3
		}
		if len(parts) < n || !c.declared[strings.Join(parts[:n], ".")] {
			c.fail("%s refers to %s, which is not declared", key, strings.Join(parts, "."))
		}
	}
}

// typed checks literals; a reference is to an id, which is a string.
func (c checker) typed(what, typ string, e hclsyntax.Expression) {
	want := map[string]cty.Type{"string": cty.String, "bool": cty.Bool, "number": cty.Number}[typ]
	switch typ {
	case "list", "maps":
		list, ok := e.(*hclsyntax.TupleConsExpr)
		if !ok {
			c.fail("%s is no list", what)
			return
		}
		for _, el := range list.Exprs {
			if typ == "list" {
				c.typed(what, "string", el)
				continue
			}
			m, ok := el.(*hclsyntax.ObjectConsExpr)
			if !ok {
				c.fail("%s holds no map", what)
				return
			}
			for _, item := range m.Items {
				c.typed(what, "string", item.ValueExpr)
			}
		}
	case "string", "bool", "number":
		if len(e.Variables()) > 0 {
			return
		}
		v, diags := e.Value(nil)
		if diags.HasErrors() || v.Type() != want {
			c.fail("%s is not a %s", what, typ)
		}
	}
}
