"""What programs write and are written in, without any personal data or secret, though with much that looks like it."""

_COMMIT = """\
commit <hex:40>
Date:   Mon Mar <1-28> 08:<10-59>:41 2024 +0100

    Fix <noun> that <verb> left open (#<10-9999>)
"""
_PATCH = """\
diff --git a/src/<verb>_<noun>.py b/src/<verb>_<noun>.py
index <hex:7>..<hex:7> 100644
@@ -<1-999>,7 +<1-999>,9 @@ def <verb>_<noun>(limit):
-    return rows[:<1-999>]
+    return rows[:<1-999>]  # see issue <1-9999>
"""
_PYTHON = """\
def <verb>_<noun>(rows: list[int], limit: int = <1-999999>) -> float:
    password = os.environ["<NOUN>_PASSWORD"]
    token = get_token(timeout=<0-30:2>)
    return sum(row * <0-1:6> for row in rows[<1-99>:limit]) / 0x<hex:8>
"""
_TYPESCRIPT = """\
import { use<Noun> } from "../hooks/<verb>_<noun>";

export const <Noun>Form = ({ id }: Props) => {
  const [password, setPassword] = useState('');
  const apiKey = config.get('<noun>.apiKey');
  return <Input width={<1-999>} key={`${id}-<1-99999>`} type="password" />;
};
"""
_GO = """\
const max<Noun> = <1-999999999>

func (s *<Noun>) Next(ctx context.Context) (uint64, error) {
	if s.secret == nil {
		return 0, fmt.Errorf("<noun> %d: no secret configured", s.id)
	}
	return s.seq<<<1-63> | 0x<hex:16>, nil
}
"""
_SETTINGS = """\
service:
  name: <noun>
  replicas: <1-20>
  image: registry.example.com/<noun>:<1-30>.<0-30>.<0-30>
  port: <1024-65535>
  password: ${<NOUN>_PASSWORD}
  api_key: <your key here>
  token_ttl: <60-3600>
  secretName: <noun>-tls
"""
_ENVIRONMENT = """\
# copy to .env
DEBUG=false
DB_PASSWORD=<password>
API_TOKEN=
SECRET_KEY=********
PORT=<1024-65535>
MAX_<NOUN>=<1-999999>
BUILD=<hex:12>
"""
_VERSIONS = """\
<noun>-<verb>==<0-30>.<0-30>.<0-30>
<noun>-<verb>==<0-30>.<0-30>.<0-30>
User agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/<100-130>.0.<5000-6999>.<10-200> Safari/537.36
File version <0-30>.<0-30>.<0-30>.<0-9>, build <10000-99999>
"""
_RESPONSE = (
    '{"id": "<hex:8>-<hex:4>-4<hex:3>-9<hex:3>-<hex:12>", "status": "done", "total": <1-9999:2>, '
    '"items": [<1-999999999>, <1-9999999999>], "createdAt": "<moment>", "etag": "<hex:32>", '
    '"next": "/v2/<noun>s?page=<1-99>&cursor=<sign:12>"}'
)
_TRACE = """\
Traceback (most recent call last):
  File "/srv/app/<noun>.py", line <1-2000>, in <verb>_<noun>
    return self._<verb>_<noun>(<1-99999999>)
ValueError: unexpected <noun> at 0x7f<hex:10>
"""
_JAVA_TRACE = """\
Exception in thread "<noun>-<1-64>" java.lang.IllegalStateException: <noun> <1-9999999> is closed
	at com.acme.<noun>.<Noun>Service.<verb>(<Noun>Service.java:<1-900>)
	at com.acme.Main$1.run(Main.java:<1-90>)
	... <1-30> more
"""
_LOG = (
    "<moment> INFO [<noun>-<0-32>] <verb>_<noun> took <1-99999> ms trace=<hex:32> span=<hex:16> rows=<1-9999999>\n"
    "<moment> WARN [<noun>-<0-32>] <verb>_<noun> retried after <0-9:3> s, offset=<1-99999999999> lag=<1-999999>\n"
)
_QUERY = """\
SELECT <noun>_id, count(*) AS calls, avg(duration_ms) FROM <noun>s
WHERE created >= '2023-<01-12>-01' AND <noun>_id IN (<1-999999999>, <1-99999999>, <1-9999999999>)
GROUP BY 1 HAVING count(*) > <1-1000> LIMIT <1-500>;
"""
_STYLE = """\
.<noun>-card { color: #<hex:6>; background: rgba(<0-255>, <0-255>, <0-255>, 0.<0-9>);
  margin: <1-40>px <1-40>px; transform: translate(<0-90:2>%, <0-90:2>%); z-index: <1-9999>; }
"""
_LINKS = (
    "See https://blog.example.com/2024/<01-12>/how-to-<verb>-a-<noun>-<1-999999> and "
    "https://shop.example.com/p/<noun>-<1-999999999>?variant=<1-99999999999>&utm_source=news#s<1-99> "
    "or the video https://video.example.com/watch?v=<sign:11>&t=<1-900>s"
)
_CHECKSUMS = """\
<hex:64>  <noun>-<0-30>.<0-30>.<0-30>.tar.gz
<hex:32>  <noun>.zip
"integrity": "sha512-<base64:64>"
image: <noun>@sha256:<hex:64>
"""
_METRICS = """\
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{route="/<noun>s",le="0.<1-9>"} <1-9999999>
http_request_duration_seconds_sum{route="/<noun>s"} <1-99999:6>
process_start_time_seconds <1600000000-1720000000>.<10-99>
"""
_CALENDAR = """\
BEGIN:VEVENT
UID:<hex:24>
DTSTART:2024<01-12><01-28>T<00-23>0000Z
SEQUENCE:<0-9>
SUMMARY:Release <0-30>.<0-30>
END:VEVENT
"""

MACHINE = (
    _COMMIT + _COMMIT,
    _PATCH,
    _PYTHON,
    _TYPESCRIPT,
    _GO,
    _SETTINGS,
    _ENVIRONMENT,
    _VERSIONS,
    _RESPONSE,
    _TRACE,
    _JAVA_TRACE,
    _LOG,
    _QUERY,
    _STYLE,
    '<img alt="<noun>" src="data:image/png;base64,<picture>">',
    _LINKS,
    _CHECKSUMS,
    _METRICS,
    _CALENDAR,
)
