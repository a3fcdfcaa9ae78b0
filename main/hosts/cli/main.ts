#!/usr/bin/env node
import { findInstallation } from './installation.ts'
import { runCli } from './run-cli.ts'

await runCli(process.argv.slice(2), findInstallation(import.meta.url))
