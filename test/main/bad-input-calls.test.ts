import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { argumentChecks } from '../../main/contract/arguments.ts'
import { errorValueOf } from '../../main/app.ts'
import type { MethodName, Methods } from '../../main/contract/methods.ts'
import type { Client } from '../../main/rpc/client.ts'
import { addTinyProject, openCalledApp } from './bad-input-app.ts'

const methods = Object.keys(argumentChecks) as MethodName[]

/** The parts of a JSON schema that the contract's checks come down to. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

const schemaOf = (method: MethodName): Schema =>
  z.toJSONSchema(argumentChecks[method], { io: 'input' }) as Schema

/** A value that a schema takes. */
function valid({ type, properties = {}, required = [], anyOf, enum: words, minimum }: Schema): unknown {
  if (anyOf?.[0]) return valid(anyOf[0])
  if (words) return words[0]
  if (type === 'object')
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => required.includes(name))
        .map(([name, one]) => [name, valid(one)]),
    )
  const plain = { string: 'gone', integer: minimum ?? 0, number: minimum ?? 0, boolean: false, array: [] }
  return plain[type as keyof typeof plain] ?? null
}

/** Values that a schema does not take. */
function wrong(schema: Schema): unknown[] {
  if (schema.anyOf) {
    const takes = (value: unknown) => z.fromJSONSchema(schema as never).safeParse(value).success
    return schema.anyOf.flatMap(wrong).filter((value) => !takes(value))
  }
  const others = [null, true, 7.5, 'word', [[]], { strange: {} }].filter(
    (value) => !z.fromJSONSchema(schema as never).safeParse(value).success,
  )
  switch (schema.type) {
    case 'string':
      return schema.maxLength === undefined ? others : [...others, 'x'.repeat(schema.maxLength + 1)]
    case 'integer':
    case 'number':
      return [...others, -1, 1e300, '7']
    case 'array':
      return schema.maxItems === undefined
        ? others
        : [...others, Array.from({ length: schema.maxItems + 1 }, () => valid(schema.items ?? {}))]
    default:
      return others
  }
}

/** Argument objects that a method must refuse, each with what is wrong with it. */
function refused(method: MethodName): (readonly [string, unknown])[] {
  const schema = schemaOf(method)
  const { properties = {}, required = [] } = schema
  const whole = valid(schema) as Record<string, unknown>
  const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name))
  return [
    ['no object', 'word'],
    ['a list', [whole]],
    ['something more', { ...whole, more: 1 }],
    ...required.map((name) => [`no ${name}`, without(name)] as const),
    ...Object.entries(properties).flatMap(([name, property]) =>
      wrong(property).map((value) => [`${name} is ${shown(value)}`, { ...whole, [name]: value }] as const),
    ),
  ]
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 30)

/** Calls as no typed caller could, and gives the code of the answer: `ok` where it is a result. */
const codeOfCall = (call: Client<Methods>['call'], method: MethodName, args: unknown): Promise<string> =>
  (call as (method: MethodName, args: unknown) => Promise<unknown>)(method, args).then(
    () => 'ok',
    (thrown: unknown) => errorValueOf(thrown).code,
  )

describe('every method of the contract', () => {
  test('refuses arguments that do not fit it', async () => {
    const { call } = await openCalledApp()
    const found: string[] = []
    let count = 0
    for (const method of methods)
      for (const [what, args] of refused(method)) {
        count++
        const code = await codeOfCall(call, method, args)
        if (code !== 'arguments_invalid') found.push(`${method} with ${what}: ${code}`)
      }
    expect(found).toEqual([])
    expect(count).toBeGreaterThan(500)
  })

  test('refuses a path with a NUL character, which no system takes', async () => {
    const { call } = await openCalledApp()
    const path = '/tmp/a\0b'
    const file = { path }
    for (const [method, args] of [
      ['files.list', { path }],
      ['data.inspect', { file }],
      ['data.import', { projectId: 'p', file, name: null, mapping: null, use: 'auto' }],
      ['models.addFolder', { folder: path }],
      ['exports.create', { runId: 'r', kind: 'report', folder: path }],
    ] as const)
      expect([method, await codeOfCall(call, method, args)]).toEqual([method, 'arguments_invalid'])
  })

  test('says of what is not there that it is missing', async () => {
    const app = await openCalledApp()
    const { projectId } = await addTinyProject(app)
    const { id: chatId } = await app.call('chat.create', { projectId })
    const nowhere = '/nowhere/at/all'
    const page = { offset: 0, limit: 10, search: null }
    const mark = { passageId: 999_999, question: 'q', start: 0, end: 1 }
    const example = { id: 999_999, question: 'q', answers: [] }
    const search = {
      projectId,
      modelId: 'starter',
      settings: {},
      space: [{ name: 'learningRate', values: [1e-3, 1e-2] }],
      strategy: 'grid',
      trials: null,
      seed: 1,
      pruning: false,
      trialEpochs: null,
      keepScale: false,
    }
    const cases: Partial<Record<MethodName, readonly (readonly [object, string])[]>> = {
      'app.dismissNotice': [[{ id: 'gone' }, 'ok']],
      'files.list': [[{ path: nowhere }, 'file_missing']],
      'projects.choose': [
        [{ projectId: 'gone', settings: {} }, 'project_missing'],
        [{ projectId, modelId: 'gone' }, 'model_missing'],
      ],
      'data.inspect': [
        [{ file: { upload: 'gone' } }, 'upload_missing'],
        [{ file: { upload: '../..' } }, 'upload_missing'],
        [{ file: { path: nowhere } }, 'file_missing'],
      ],
      'data.import': [
        [{ projectId, file: { upload: 'gone' }, name: null, mapping: null, use: 'auto' }, 'upload_missing'],
        [{ projectId, file: { path: nowhere }, name: null, mapping: null, use: 'auto' }, 'file_missing'],
      ],
      'data.removeSource': [
        [{ projectId: 'gone', sourceId: 'gone' }, 'source_missing'],
        [{ projectId, sourceId: 'gone' }, 'source_missing'],
      ],
      'data.examples': [[{ projectId, ...page, split: null, sourceId: 'gone', range: null }, 'ok']],
      'data.updateExample': [
        [{ projectId: 'gone', ...example }, 'example_missing'],
        [{ projectId, ...example }, 'example_missing'],
      ],
      'data.removeExample': [[{ projectId, id: 999_999 }, 'example_missing']],
      'data.mark': [
        [{ projectId: 'gone', ...mark }, 'passage_missing'],
        [{ projectId, ...mark }, 'passage_missing'],
      ],
      'models.addFolder': [[{ folder: nowhere }, 'file_missing']],
      'models.remove': [[{ modelId: 'gone' }, 'model_missing']],
      'models.download': [[{ catalogueId: 'gone' }, 'model_missing']],
      'models.pauseDownload': [[{ catalogueId: 'gone' }, 'model_missing']],
      'models.discardDownload': [[{ catalogueId: 'gone' }, 'model_missing']],
      'runs.readiness': [[{ projectId: 'gone', modelId: null, settings: {} }, 'project_missing']],
      'runs.estimate': [[{ projectId, modelId: 'gone', settings: {} }, 'run_not_ready']],
      'runs.start': [[{ projectId, modelId: 'gone', name: null, settings: {} }, 'run_not_ready']],
      // These look at settings alone.
      'search.form': [],
      'search.plan': [],
      'search.start': [[{ ...search, projectId: 'gone' }, 'project_missing']],
      'compare.ask': [
        [{ projectId: 'gone', runId: null, question: 'q', context: 'c' }, 'project_missing'],
        [{ projectId, runId: 'gone', question: 'q', context: 'c' }, 'run_missing'],
      ],
      'chat.ask': [[{ chatId, question: 'q', runId: 'gone' }, 'run_missing']],
      'exports.create': [[{ runId: 'gone', kind: 'report', folder: null }, 'run_missing']],
    }
    const missing = { projectId: 'project', runId: 'run', chatId: 'chat', exportId: 'export' }
    for (const method of methods) {
      const schema = schemaOf(method)
      const args = {
        ...(valid(schema) as object),
        ...('name' in (schema.properties ?? {}) ? { name: 'New' } : {}),
      }
      const kind = Object.entries(missing).find(([id]) => id in args)?.[1]
      const general = kind ? [[args, `${kind}_missing`] as const] : []
      for (const [asked, code] of cases[method] ?? general)
        expect([method, asked, await codeOfCall(app.call, method, asked)]).toEqual([method, asked, code])
    }
  })
})
