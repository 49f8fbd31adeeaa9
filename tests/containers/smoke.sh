#!/usr/bin/env bash
# Build both images, start them with compose, transcribe a clip through each, look at what they may and hold.
# Run it from the root of the checkout wherever there is Docker with compose; it removes what it made.
set -euo pipefail

clip=tests/data/tid.flac
expected=$(python3 -c 'import json; print(json.load(open("tests/data/tid.json"))["text"])' 2>/dev/null \
  || sed -n 's/^ *"text": "\(.*\)",*$/\1/p' tests/data/tid.json)

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; docker compose logs --tail 40 >&2; exit 1; }
inside() { docker compose exec -T "$@"; }
end() { docker compose down --volumes --timeout 5 >/dev/null 2>&1 || true; }
trap end EXIT

say build
docker compose build
docker images --format '{{.Repository}} {{.Size}}' | grep '^whisper-svenska-'

say "up, healthy, batch after api"
docker compose up --wait --wait-timeout 180 || fail "not healthy"
docker compose ps --format '{{.Service}} {{.Status}} {{.Ports}}'

for service in api batch; do
  say "$service: not root, nothing writable but its volumes, no stranger's code"
  [ "$(inside $service python -c 'import os; print(os.getuid())')" = 10001 ] || fail "$service runs as another user"
  inside $service python -c 'open("/app/x", "w")' 2>/dev/null && fail "$service can write to its own code"
  inside $service python -c 'import tempfile; tempfile.NamedTemporaryFile()' || fail "$service has no place for uploads"
done
inside api python -c 'import batch_worker' 2>/dev/null && fail "the api image holds batch_worker"
inside batch python -c 'import api_server' 2>/dev/null && fail "the batch image holds api_server"
inside batch python -c 'import faster_whisper' 2>/dev/null && fail "the batch image holds faster_whisper"

say "POST /transcribe"
text=$(curl -sSf -F file=@$clip -F language=sv -F response_format=text http://127.0.0.1:8123/transcribe)
echo "$text"
[ "$(echo "$text" | tr -d '\n')" = "$expected" ] || fail "expected: $expected"

say "POST /jobs"
job=$(curl -sSf -F file=@$clip -F language=sv http://127.0.0.1:8400/jobs | sed -n 's/.*"job_id": *"\([^"]*\)".*/\1/p')
[ -n "$job" ] || fail "no job id"
finished() { curl -sSf "http://127.0.0.1:8400/jobs/$job?include_result=false" | grep -Eq '"status": *"(completed|failed)"'; }
for _ in $(seq 120); do finished && break; sleep 0.5; done
text=$(curl -sSf "http://127.0.0.1:8400/jobs/$job/result?format=text") || fail "no result"
echo "$text"
[ "$(echo "$text" | tr -d '\n')" = "$expected" ] || fail "expected: $expected"

say "a job survives a new container"
docker compose up --detach --wait --wait-timeout 120 --force-recreate batch || fail "batch did not come back"
curl -sSf "http://127.0.0.1:8400/jobs/$job/result?format=text" >/dev/null || fail "the job is gone"

say "stops in order"
docker compose stop --timeout 30
codes=$(docker compose ps --all --format '{{.Service}} {{.ExitCode}}')
echo "$codes"
echo "$codes" | grep -qv ' 0$' && fail "an exit code is not 0"
say "all is well"
