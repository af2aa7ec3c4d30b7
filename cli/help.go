package cli

const appHelp = `{{.Name}} - {{.Usage}}

usage:
   {{.Name}} COMMAND [flags] [arguments]

commands:{{range .VisibleCommands}}
   {{join .Names ", "}}{{"\t"}}{{.Usage}}{{end}}

   '{{.Name}} COMMAND --help' describes one.

exit codes:
` + exitCodes + `
`

const commandHelp = `{{.HelpName}} - {{.Usage}}

usage:
   {{if .UsageText}}{{.UsageText}}{{else}}{{.HelpName}}{{if .Subcommands}} COMMAND{{end}}{{if .VisibleFlags}} [flags]{{end}}{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}{{end}}{{if .Description}}

{{.Description}}{{end}}{{if .Subcommands}}

commands:{{range .VisibleCommands}}
   {{.Name}}{{"\t"}}{{.Usage}}{{end}}{{end}}{{if .VisibleFlags}}

flags:{{range .VisibleFlags}}
   {{.}}{{end}}{{end}}

exit codes:
` + exitCodes + `
`
