// A shorter one would match ordinary text.
const SHORTEST = 8;

const SECRET_NAME = /(?:PASSWORD|PASSWD|SECRET|TOKEN|ACCESS_KEY|API_KEY|PRIVATE_KEY|CREDENTIALS)$/i;

/** Returns the values of environment variables that are secret by their names. Drivers read some of them directly (PGPASSWORD). */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= SHORTEST && SECRET_NAME.test(name) ? [value] : [],
  );
}
