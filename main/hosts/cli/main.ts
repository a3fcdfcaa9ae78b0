#!/usr/bin/env node
import { findBuild } from '../window/build.ts'
import { runCli } from './run-cli.ts'

await runCli(process.argv.slice(2), findBuild(import.meta.url))
