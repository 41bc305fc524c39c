import { isRawNumber } from '@aries-data/formats';
import { AriesError, type FieldKind, type Json } from '@aries-data/sdk';
import { parseDecimal } from './decimal.ts';
import { instantOrder, numberOrder, type Order, orderOf, textOrder } from './order.ts';

/** A value in a config. */
export type Literal = string | number | boolean;

/** Returns a negative number, 0 or a positive number if a value sorts before, with or after a literal; undefined if they cannot be compared. */
export type Comparison = (value: Json) => number | undefined;

/** True if values of this kind have an order. */
export function isOrdered(kind: FieldKind): boolean {
  return kind === 'any' || orderOf(kind) !== undefined;
}

/** Makes a function that compares values of a kind with one literal. Throws `CONFIG_INVALID` if the literal is not of that kind. */
export function compareWith(literal: Literal, kind: FieldKind, path: string): Comparison {
  const comparison = kind === 'any' ? untyped(literal) : typed(literal, kind);
  if (comparison !== undefined) return comparison;
  const hint =
    kind === 'object' || kind === 'array' ? 'Use exists, or flatten it first.' : `Give a value of type ${kind}.`;
  throw new AriesError(
    'CONFIG_INVALID',
    `${path}: ${JSON.stringify(literal)} is not a value of the field's type, ${kind}`,
    { hint },
  );
}

function typed(literal: Literal, kind: FieldKind): Comparison | undefined {
  const order = orderOf(kind);
  if (order !== undefined) return against(literal, order);
  if (kind === 'object' || kind === 'array') return undefined;
  return typeof literal === (kind === 'boolean' ? 'boolean' : 'string') ? same(literal) : undefined;
}

/** Compares as numbers, as timestamps or as text, depending on the literal, because the field's type is unknown. */
function untyped(literal: Literal): Comparison | undefined {
  if (typeof literal === 'boolean') return same(literal);
  const asNumber =
    typeof literal === 'number' || parseDecimal(literal) !== undefined ? against(literal, numberOrder) : undefined;
  if (typeof literal === 'number') return asNumber;
  const asText = against(literal, instantOrder.read(literal) === undefined ? textOrder : instantOrder);
  return (value) => (typeof value === 'number' || isRawNumber(value) ? asNumber?.(value) : asText?.(value));
}

function same(literal: Literal): Comparison {
  return (value) => (value === literal ? 0 : undefined);
}

function against(literal: Literal, order: Order): Comparison | undefined {
  const wanted = order.read(literal);
  if (wanted === undefined) return undefined;
  return (value) => {
    const read = order.read(value);
    return read === undefined ? undefined : order.compare(read, wanted);
  };
}
