import fc from 'fast-check';
import { expect, test } from 'vitest';
import { airflowName, kubernetesName } from './names.ts';

test('a valid name is kept; any other is made valid and stays distinct', () => {
  expect(kubernetesName('orders', 52)).toBe('orders');
  expect(kubernetesName('Orders', 52)).toBe('orders-b7e8ac');
  expect(kubernetesName('Café orders/2', 52)).toBe('cafe-orders-2-321204');
  expect(kubernetesName('注文', 52)).toBe('x-266125');
  expect(airflowName('shop.Orders_2')).toBe('shop.Orders_2');
  expect(airflowName('Café orders/2')).toBe('Cafe_orders_2-321204');
});

test('any name becomes valid, and two names stay distinct', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
      fc.integer({ min: 20, max: 63 }),
      (name, most) => {
        const legal = kubernetesName(name, most);
        expect(legal).toMatch(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/);
        expect(legal.length).toBeLessThanOrEqual(most);
        expect(kubernetesName(`${name} `, most)).not.toBe(legal);
        expect(airflowName(name)).toMatch(/^[\w.-]{1,200}$/);
        expect(airflowName(`${name} `)).not.toBe(airflowName(name));
      },
    ),
  );
});
