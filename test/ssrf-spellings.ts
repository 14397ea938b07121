/**
 * Addresses that no tenant may have the relay send to, in the spellings that people have tried elsewhere. Data only.
 * Sources: OWASP, "Server Side Request Forgery Prevention"; IANA's special-purpose address registries; WHATWG URL; read 2026-11.
 */

/** Inside, however it is written: refused of every destination, of every tenant. */
const INSIDE: Readonly<Record<string, string>> = {
  'IPv4 in dotted form': `127.0.0.1 127.0.0.53 127.1.2.3 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.254 100.64.0.1
    100.127.255.254 100.100.100.200 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.254 192.0.0.1 192.0.0.192 192.0.2.1
    192.168.0.1 192.168.255.254 192.88.99.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
    255.255.255.255 8.8.8.8 168.63.129.16`,
  'IPv4 as one number': `2130706433 0 1 4294967295 2852039166 3232235521 167772161 2886729729 0x7f000001 0xA9FEA9FE 0xa9fea9fe 0x0a000001
    0X7F000001 017700000001 025177524776 00000000000000000000017700000001`,
  'IPv4 in parts': `127.1 127.0.1 10.1 192.168.1 169.254.43518 172.1048577 0x7f.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01
    0177.1 00177.0.0.1 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 0xa9.254.0251.254 0xc0.0xa8.0.1 012.0.0.1 0300.0250.0.1 0x0a.0.0.1`,
  'IPv4 with a trailing dot': `127.0.0.1. 10.0.0.1. 169.254.169.254. 0x7f.1. 2130706433.`,
  'IPv4 in other digits': `１２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 ①②⑦.⓪.⓪.① ⑯⑨.②⑤④.⑯⑨.②⑤④ １６９.２５４.１６９.２５４ 𝟏𝟐𝟕.𝟎.𝟎.𝟏 𝟷𝟶.𝟶.𝟶.𝟷
    ０x7f000001 ２１３０７０６４３３`,
  'IPv4 percent-encoded': `127%2e0%2e0%2e1 %31%32%37.0.0.1 %31%30.0.0.1 169%2E254%2E169%2E254 %30x7f000001`,
  'IPv6 of its own': `[::] [::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [0::1] [fe80::1] [feb0::1] [fec0::1]
    [fc00::1] [fd00::1] [fd00:ec2::254] [FD00:EC2::254] [fd20:ce::254] [ff02::1] [ff05::2] [2001:db8::1] [100::1] [3fff::1] [2606:4700::1]`,
  'IPv4 in IPv6': `[::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:7F00:0001] [0:0:0:0:0:ffff:7f00:1] [::ffff:10.0.0.1] [::ffff:169.254.169.254]
    [::ffff:a9fe:a9fe] [::ffff:192.168.0.1] [::127.0.0.1] [::7f00:1] [::10.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1]
    [64:ff9b::a9fe:a9fe] [64:ff9b:1::a00:1] [2002:7f00:1::] [2002:a9fe:a9fe::] [2002:a00:1::1] [2001:0:4136:e378:8000:63bf:3fff:fdd2]
    [2001::a00:1] [fe80::5efe:10.0.0.1]`,
  'IPv6 with a zone': `[fe80::1%25eth0] [::1%25lo] [fe80::1%eth0]`,
  'a name of this machine': `localhost LOCALHOST localhost. LocalHost.LocalDomain localhost.localdomain foo.localhost ip6-localhost ｌocalhost
    ⓛⓞⓒⓐⓛⓗⓞⓢⓣ loc%61lhost localho%73t`,
  'a name of a private network': `edr intranet router kubernetes.default.svc edr.local EDR.LOCAL edr.local. edr.internal edr.lan edr.home edr.corp
    edr.private edr.intranet edr.mail printer.home.arpa 1.0.0.10.in-addr.arpa`,
  'a reserved name': `edr.test edr.example edr.invalid edr.onion edr.alt`,
  'a metadata service': `metadata metadata.google.internal METADATA.google.internal metadata.google.internal. metadata.goog
    instance-data.ec2.internal metadata.azure.internal metadata.tencentyun.com ｍetadata.google.internal metadata%2egoogle%2einternal`,
  'a name that leads inside': `localtest.me app.localtest.me lvh.me app.lvh.me vcap.me lacolhost.com fuf.me local.gd localho.st
    app.localhost.direct nip.io 127.0.0.1.nip.io 10-0-0-1.nip.io 7f000001.nip.io www.169.254.169.254.nip.io 192-168-0-1.sslip.io
    www-10-0-0-1.sslip.io --1.sslip.io 10.0.0.1.xip.io app.127-0-0-1.traefik.me 7f000001.0a000001.rbndr.us make-1-1-1-1-rebind-127-0-0-1-rr.1u.ms
    127-0-0-1.org.uk`,
  'a private address in a name': `10-0-0-1.acme.fr ip-10-0-0-1.eu-west-3.compute.amazonaws.com 169.254.169.254.acme.fr edr-192-168-0-1.acme.fr
    127.0.0.1.acme.fr 172-16-0-1.acme.fr 100-64-0-1.acme.fr 0.0.0.0.acme.fr`,
};

/** Whole addresses whose host is not what it seems. */
const WHOLE: Readonly<Record<string, readonly string[]>> = {
  'a user before the host': [
    'https://edr.acme.fr@127.0.0.1/',
    'https://edr.acme.fr:443@169.254.169.254/',
    'https://edr.acme.fr%40x@10.0.0.1/',
    'https://user:pass@edr.acme.fr/',
    'https://token@edr.acme.fr/',
    'https://edr.acme.fr@localhost:8443/',
    'https://a@b@127.0.0.1/',
    'https://:@127.0.0.1/',
    'https://@127.0.0.1/',
    'https://10.0.0.1\\@edr.acme.fr/',
    'https://127.0.0.1#@edr.acme.fr/',
    'https://127.0.0.1?@edr.acme.fr/',
    'https://127.0.0.1/@edr.acme.fr/',
  ],
  'slashes, tabs and breaks': [
    'https:\\\\127.0.0.1\\',
    'https:/127.0.0.1/',
    'https:127.0.0.1',
    'https:////127.0.0.1/',
    'https://\t127.0.0.1/',
    'https://127.0.\n0.1/',
    'https://10.0\r\n.0.1/',
    ' https://127.0.0.1/ ',
    'https://local\thost/',
    'https://127.0.0.1\\edr.acme.fr/',
    'https://127.0.0.1\u0000/',
    'https://127\u00AD.0.0.1/',
    'https://127\u200B.0.0.1/',
    'https://local\u00ADhost/',
  ],
  ports: [
    'https://127.0.0.1:443/',
    'https://127.0.0.1:00443/',
    'https://10.0.0.1:8443/',
    'https://[::1]:8443/',
    'https://localhost:2375/',
    'https://169.254.169.254:80/',
    'https://10.0.0.1:/',
  ],
  'other schemes': [
    'http://127.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'HTTPS://127.0.0.1/',
    'hTTps://LOCALHOST/',
    'ftp://10.0.0.1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_INFO',
    'data:text/plain,x',
    'javascript:alert(1)',
    'blob:https://127.0.0.1/1',
    'ws://127.0.0.1/',
    'wss://127.0.0.1/',
    'http://edr.acme.fr/',
    '//127.0.0.1/',
  ],
};

/** Public names that look like CrowdStrike's, or like one that the operator accepts: refused where these are meant. */
export const LOOK_ALIKES: readonly string[] = [
  'https://api.eu-1.crowdstrike.com.evil.com/',
  'https://api.eu-1.crowdstrike.com-evil.com/',
  'https://evil-api.eu-1.crowdstrike.com/',
  'https://xapi.eu-1.crowdstrike.com/',
  'https://evilingest.eu-1.crowdstrike.com/',
  'https://ingest.eu-1.crowdstrike.com/',
  'https://a.ingest.eu-1.crowdstrike.com.evil.com/',
  'https://a.ingest.eu-1.crowdstrike.com./',
  'https://a.ingest.eu-1-crowdstrike.com/',
  'https://a.ingest.eu-1.crowdstrike.co/',
  'https://a.ingest.eu-1.crowdstrlke.com/',
  'https://a.ingest.eu-1.crоwdstrike.com/',
  'https://a.ingest.eu-1.сrowdstrike.com/',
  'https://a.ingest.eu-1.xn--crwdstrike-1fj.com/',
  'https://a.ingest.eu-1.crowdstrike.com@evil.com/',
  'https://evil.com/a.ingest.eu-1.crowdstrike.com/',
  'https://evil.com#.ingest.eu-1.crowdstrike.com/',
  'https://evil.com?.ingest.eu-1.crowdstrike.com/',
  'https://evil.com\\.ingest.eu-1.crowdstrike.com/',
  'https://a.ingest.eu1.crowdstrike.com/',
  'https://falcon.eu-1.crowdstrike.com/',
  'https://crowdstrike.com/',
  'https://edr.acme.fr.evil.com/',
  'https://evil-edr.acme.fr.com/',
  'https://edr.acme.fr@evil.com/',
  'https://edr.acme.frr/',
  'https://edr.аcme.fr/',
  'https://evilsoc.acme.eu.com/',
  'https://soc-acme.eu/',
  'https://acme.eu/',
];

export interface Spelling {
  readonly what: string;
  readonly url: string;
}

export const INSIDE_SPELLINGS: readonly Spelling[] = [
  ...Object.entries(INSIDE).flatMap(([what, hosts]) =>
    hosts.split(/\s+/).map((host) => ({ what, url: `https://${host}/` })),
  ),
  ...Object.entries(WHOLE).flatMap(([what, urls]) => urls.map((url) => ({ what, url }))),
];
