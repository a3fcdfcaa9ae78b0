import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Mapping } from '../../../main/contract/imports.ts'
import { savedMappingHandlers } from '../../../main/datasets/importing/saved-mappings.ts'
import { openStore } from '../../../main/store/open.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const call = { emit: () => undefined, signal: new AbortController().signal }
const qa: Mapping = { form: 'qa', roles: { context: 'a', question: 'b', answer: 'c' } }
const task: Mapping = {
  form: 'task',
  roles: { instruction: { template: '{b}: {meta.kind}' }, target: 'c', input: { constant: 'x' } },
}

async function open() {
  const home = join(await temporaryFolder(), 'home')
  let store = await openStore(home)
  onTestFinished(() => store.close())
  let handlers = savedMappingHandlers({ store })
  return {
    save: (name: string, columns: readonly string[], mapping: Mapping) =>
      handlers['data.saveMapping']({ name, columns, mapping }, call),
    names: async (columns: readonly string[] | null) =>
      (await handlers['data.mappings']({ columns }, call)).map(({ name }) => name),
    list: () => handlers['data.mappings']({ columns: null }, call),
    remove: (mappingId: string) => handlers['data.removeMapping']({ mappingId }, call),
    reopen: async () => {
      await store.close()
      store = await openStore(home)
      handlers = savedMappingHandlers({ store })
    },
  }
}

test('a mapping comes back when its columns do: the same columns first, then the newest', async () => {
  const { save, names, list, reopen } = await open()
  await save('Forum', ['a', 'b', 'c'], qa)
  await save('Tickets', ['a', 'b', 'c', 'd'], qa)
  await save('Kinds', ['b', 'c', 'meta.kind'], task)
  await reopen()
  expect(await names(null)).toEqual(['Kinds', 'Tickets', 'Forum'])
  expect(await names(['c', 'b', 'a'])).toEqual(['Forum', 'Tickets'])
  expect(await names(['a', 'b', 'c', 'd'])).toEqual(['Tickets', 'Forum'])
  expect(await names(['c', 'b', 'meta'])).toEqual(['Kinds'])
  expect(await names(['a', 'b'])).toEqual([])
  expect(await list()).toMatchObject([
    { mapping: task, columns: ['b', 'c', 'meta.kind'] },
    {},
    { mapping: qa },
  ])
})

test('the same name is replaced, in whatever case and spacing', async () => {
  const { save, list } = await open()
  const first = await save('My forum', ['a', 'b', 'c'], qa)
  const second = await save('  MY   Forum ', ['b', 'c', 'meta'], task)
  expect(second).toMatchObject({ id: first.id, name: 'MY Forum', mapping: task })
  expect(await list()).toEqual([second])
})

test('names and mappings are checked, and what is gone is said to be gone', async () => {
  const { save, remove, list } = await open()
  await expect(save(' \n ', ['a', 'b', 'c'], qa)).rejects.toMatchObject({ code: 'name_invalid' })
  await expect(save('n'.repeat(101), ['a', 'b', 'c'], qa)).rejects.toMatchObject({ code: 'name_invalid' })
  await expect(save('x', ['a', 'b'], qa)).rejects.toMatchObject({ code: 'mapping_incomplete' })
  const { id } = await save('Forum', ['a', 'b', 'c'], qa)
  await remove(id)
  expect(await list()).toEqual([])
  await expect(remove(id)).rejects.toMatchObject({ code: 'mapping_missing' })
})
