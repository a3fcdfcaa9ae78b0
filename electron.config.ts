import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'electron-vite'

// electron-vite asks the electron package for its version, and the engine and command line build without it.
process.env['ELECTRON_MAJOR_VER'] ??= '45'

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
        input: { cli: 'main/hosts/cli/main.ts', worker: 'trainer/worker.ts' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
})
