import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ShippedPackage } from './shipped-packages.ts'

/** Licences under which we ship what others made: all let us, if their texts come along. */
export const allowedLicences: readonly string[] = [
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'],
  ...['Unlicense', 'CC0-1.0', 'Zlib', 'Python-2.0'],
]

/** What packages do not say in their package.json, from the licence file that lies in them. */
const namedByHand: Readonly<Record<string, string>> = {
  duck: 'BSD-2-Clause',
  'svelte-toolbelt': 'MIT',
}

/** The licence of a package as SPDX writes it; null where nobody says. */
export function licenceOf({ name, licence }: ShippedPackage): string | null {
  return Object.hasOwn(namedByHand, name) ? (namedByHand[name] ?? null) : licence
}

/** Whether an SPDX expression of `OR` and `AND`, which may stand in brackets, lets us ship. */
export function isAllowed(expression: string): boolean {
  const plain = expression.replace(/^\((.*)\)$/, '$1')
  if (/[()]/.test(plain) || (/ OR /.test(plain) && / AND /.test(plain))) return false
  if (/ OR /.test(plain)) return plain.split(' OR ').some((one) => allowedLicences.includes(one))
  return plain.split(' AND ').every((one) => allowedLicences.includes(one))
}

/** The head that a package has in the list. */
export function headOf(one: ShippedPackage): string {
  return `${one.name} ${one.version} (${licenceOf(one) ?? 'no licence'})`
}

/** The list of all packages with the texts of their licences; packages of one text stand together. */
export function licenceList(packages: readonly ShippedPackage[], root: string): string {
  const byText = Map.groupBy(packages, (one) => textOf(one, root))
  const parts = [...byText].map(([text, those]) => `${those.map(headOf).join('\n')}\n\n${text}`)
  return `${[introduction, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

const introduction = `Loracle is made with the packages below and ships them, or parts of them. Each stands under its own licence, whose
text follows its name. onnxruntime-node holds ONNX Runtime, whose own list is in the folder onnxruntime beside this
file; unpdf holds PDF.js (Apache-2.0, by Mozilla); sqlite3 holds SQLite, which is in the public domain. Electron,
where the app runs in it, brings its own LICENSE and LICENSES.chromium.html.

Written by test/licences/write.ts from package-lock.json and node_modules.`

function textOf(one: ShippedPackage, root: string): string {
  const folder = join(root, one.place)
  const files = readdirSync(folder).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8'))
  const text = texts.length > 0 ? texts.join('\n\n') : usualText(one, folder)
  return text
    .replaceAll('\r', '')
    .replace(/[ \t]+$/gm, '')
    .trim()
}

/** Of a package that brings no text: that of the licence that it names, with whoever it names as its author. */
function usualText(one: ShippedPackage, folder: string): string {
  const { author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly author?: string | { readonly name: string }
  }
  const holder = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${one.name}`
  const licence = licenceOf(one)
  const text = licence === 'MIT' ? mit : licence === 'ISC' ? isc : null
  if (text === null) throw new Error(`${one.name} brings no licence text, and ${licence} has none here.`)
  return `Copyright (c) ${holder}\n\n${text}`
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

const isc = `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`
