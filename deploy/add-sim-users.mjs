// Tells the simulator of the accounts that Slipway posts as: `add-sim-users.mjs <URL of the simulator> <accounts file>`.
// With real accounts this is not for the real X: the simulator takes any token.
import { readFileSync } from 'node:fs';

const [simUrl, accountsFile] = process.argv.slice(2);
const { accounts } = JSON.parse(readFileSync(accountsFile, 'utf8'));

for (const { xUserId, username, credentials } of accounts) {
  if (credentials.type !== 'oauth2')
    throw new Error(`${username}: only oauth2 accounts can be simulated here`);
  const response = await fetch(`${simUrl}/_sim/users`, {
    method: 'POST',
    body: JSON.stringify({ id: xUserId, username, accessToken: credentials.accessToken }),
  });
  const answer = await response.text();
  // A simulator that went on running knows them still.
  if (!response.ok && !answer.includes('already'))
    throw new Error(`${username}: ${response.status} ${answer}`);
  console.log(`@${username} is a user of the simulator`);
}
