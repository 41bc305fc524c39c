// A shorter one would be found in ordinary text.
const SHORTEST = 8;

const SECRET_NAME = /(?:PASSWORD|PASSWD|SECRET|TOKEN|ACCESS_KEY|API_KEY|PRIVATE_KEY|CREDENTIALS)$/i;

/** The values of environment variables whose names say that they are secret: drivers read them behind our back (PGPASSWORD). */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= SHORTEST && SECRET_NAME.test(name) ? [value] : [],
  );
}
