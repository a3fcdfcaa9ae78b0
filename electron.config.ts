import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'

// npx marks the program as executable when it first links it, and a later build would lose that mark.
const executableCli = {
  name: 'executable-cli',
  writeBundle: ({ dir }: { readonly dir?: string }): void =>
    chmodSync(join(dir ?? 'out/main', 'cli.js'), 0o755),
}

export default defineConfig({
  main: {
    plugins: [executableCli],
    build: {
      // Packages stay outside the bundles: they are the dependencies of package.json.
      externalizeDeps: true,
      sourcemap: false,
      rolldownOptions: {
        input: {
          index: 'main/hosts/electron/main.ts',
          web: 'main/hosts/web/main.ts',
          cli: 'main/hosts/cli/main.ts',
          start: 'main/hosts/start/main.ts',
          worker: 'trainer/worker.ts',
          reader: 'main/datasets/reading/reading-worker.ts',
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: true,
      sourcemap: false,
      rolldownOptions: {
        input: { preload: 'main/hosts/electron/preload.ts' },
        // A sandboxed preload is one CommonJS file.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    // The window is served from the root of its origin, app://loracle or the web host's.
    base: '/',
    plugins: [svelte({ configFile: 'svelte.config.js' })],
    build: {
      minify: true,
      sourcemap: false,
      // The window is loaded from this machine, so one chunk more than the web's usual size costs nothing.
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: 'renderer/index.html', checks: { bundlerTimings: false } },
    },
  },
})
