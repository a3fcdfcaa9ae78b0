import { describe, expect, test } from 'vitest'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { openLoraBase } from '../support/lora-goldens.ts'

const { architecture: flan } = (await openLoraBase('t5-flan')).model
const { architecture: tied } = (await openLoraBase('t5-v1.0')).model
const { architecture: bert } = (await openLoraBase('bert')).model
const choose = (settings: Readonly<Record<string, unknown>>, architecture = flan) =>
  chooseTrained(architecture, parseSettings(settings))
const refused = (settings: Readonly<Record<string, unknown>>, message: RegExp, architecture = flan) => {
  expect(() => choose(settings, architecture)).toThrow(
    expect.objectContaining({ code: 'setting_invalid', message: expect.stringMatching(message) as string }),
  )
}

describe('with adapters', () => {
  test('nothing else is trained', () => {
    expect(choose({})).toMatchObject({ method: 'lora', whole: [] })
    expect(choose({}).targets).toHaveLength(flan.linears.size)
  })

  test('named modules are trained whole, by their last parts or by any that encloses them', () => {
    expect(choose({ modulesToSave: ['lm_head', 'final_layer_norm'] }).whole.toSorted()).toEqual([
      'decoder.final_layer_norm.weight',
      'encoder.final_layer_norm.weight',
      'lm_head.weight',
    ])
    const { whole } = choose({ modulesToSave: ['decoder.block.1'] })
    expect(whole.length).toBeGreaterThan(5)
    expect(whole.every((name) => name.startsWith('decoder.block.1.'))).toBe(true)
  })

  test('a module that is trained whole gets no adapter', () => {
    const { targets, whole } = choose({ modulesToSave: ['SelfAttention'] })
    expect(whole.some((name) => name.endsWith('SelfAttention.q.weight'))).toBe(true)
    expect(targets.some(({ path }) => path.includes('.SelfAttention.'))).toBe(false)
    expect(targets.some(({ path }) => path.includes('.EncDecAttention.'))).toBe(true)
  })

  test('a head that the base may lack is trained always', () => {
    expect(choose({ targetModules: ['query'] }, bert).whole).toEqual(['qa_outputs.weight', 'qa_outputs.bias'])
  })

  test('a module that there is not is refused with those that there are', () => {
    refused({ modulesToSave: ['head'] }, /modulesToSave names head.*It has: shared.*lm_head/)
    refused({ modulesToSave: ['lm_head'] }, /Its head is its embedding: name that\. It has: shared/, tied)
    refused({ modulesToSave: ['layer_nor'] }, /modulesToSave names layer_nor,/)
  })
})

describe('with every weight', () => {
  test('all of it', () => {
    expect(choose({ method: 'full' })).toEqual({
      method: 'full',
      targets: [],
      whole: [...flan.parameters.keys()],
    })
  })

  test('but for blocks, modules and embeddings that are frozen', () => {
    const without = (settings: object) => choose({ method: 'full', ...settings }).whole
    expect(without({ frozenLayers: ['0'] }).some((name) => name.includes('.block.0.'))).toBe(false)
    expect(without({ frozenLayers: ['0'] })).toContain('decoder.block.1.layer.1.EncDecAttention.q.weight')
    expect(without({ frozenLayers: ['encoder'] }).some((name) => name.startsWith('encoder.'))).toBe(false)
    expect(without({ frozenLayers: ['encoder.block.1'] }).length).toBeGreaterThan(
      without({ frozenLayers: ['encoder'] }).length,
    )
    expect(without({ freezeEmbeddings: true })).toEqual(
      [...flan.parameters.keys()].filter((name) => name !== 'shared.weight'),
    )
    expect(choose({ method: 'full', freezeEmbeddings: true }, bert).whole[0]).not.toMatch(/embeddings/)
  })

  test('a layer that there is not, and nothing left, are refused', () => {
    refused({ method: 'full', frozenLayers: ['2'] }, /frozenLayers names 2, .*by its number \(0 to 1\)/)
    refused({ method: 'full', frozenLayers: ['embed'] }, /frozenLayers names embed/)
    refused(
      { method: 'full', frozenLayers: ['encoder', 'decoder', 'lm_head'], freezeEmbeddings: true },
      /leave nothing to train/,
    )
  })
})
