BEGIN TRANSACTION;
CREATE TABLE approvals (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  signal_id   TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  status      TEXT NOT NULL,
  author      TEXT,
  ended_at    INTEGER,
  payload     TEXT NOT NULL
) STRICT;
CREATE TABLE checkpoints (
  seq   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,
  head  BLOB NOT NULL,
  state BLOB NOT NULL,
  hash  BLOB NOT NULL
) STRICT;
INSERT INTO "checkpoints" VALUES(7,1795532460000000,X'9AF7EC2AA6EEB2DE54455A1D88A27D861B2F1A8F24A41431219B61D1D9814B5B',X'7801ED5A8B6EDBC815FD1582C0225B4012F87E186D0135D12646FD086C25D96D362046E448264C910A49F9513B1FD00FE98FF54B7AEE0C87A464D9D106DE47812EB03135E4CCDCB9EF7BEEDCE915FFAC1FF8039DD5FA816E19963734CDA1E54C4DF7C0300F0CE31FFA405F1609C7DBF1CBE9E1FB49F33B2A39AB8A1CC36AA04AF3189FE5EB2C9353A2755EA7991A29D719AFA2BA586244FF58A6D5E5A79FF362C5F3685554699D1679A5FD450B8D9FF3152FA3EA76392BB26640FE8856255FA6EB25064DEEFD9C272CCD6EA3ACA8689E18A167EC91E6118BCAE2BA99CD56ABB2B86259C466C5158FE222AF4B16D762966160BFAD0FFADB84D88667358B581C17384EBBD5822D970F47AFF88245ABB85604D5171C737B03E015EDCF6FEA4A3FB8D3E5C1C4E3F9DB9F68A4E48B74092EDEE973A2911E5617ACC28825A6CED3840B3607D6C818E8B394E11BFDE8F4E43596BE2A32068EA7F52DC64E4ECF8EC74718BDA8E711CBD245BEE439845C976B0E716759710D71942C49F3851AE557E2137D72329D9C45C7E3B3BFBF7BAB7F19E845992E52C81A1417EB92A4AC9F8FA73F456FDF8CCF492176298FD1280F389F264A153634CCC317CD47258F79BAAAA334C1D23C744D163BCED0089270E85A061F32CF3087C12C30633BB6E68EE162D31A8C9A978CB865BA5F4065EF903DF65535ABB960A44D64BF393D9B62B28BE7866B66EFD936BA71AFF76C39BD1F1FBA6F8ED523B69F41F1D3EA82C4AD1F04F6C8DEF80FEF3983D637EF4D6FE46DFC17EC66F3F1F487E8D5E9F4FC9B99EC1ED83B99ECCEC339330C77187B8E3F7467BE316466920C43DBE3DCB2BDB91D9B9B4C26C3263657D0A0B85E979B5A2AC55CF17ABD52DA94A59FD769026D8C8A4B35C66F78BC26638F3EAF212FA1A963ECB36275CD4B7227D610FE477B797A323D3C79379E1E9E9E3CA681D3B3F1349AFC3879F9ECCC7112C7B6679C0F6D03CAE7B2993B643C0886493077393366B384279BCC911AC86FE0BBA4D582B8578727AFDF1F4E3E44E787AF4FC6471B469DA45079E2835220A86F1A5571416C0D4670C81D7FDE1CBE7E83DD1AE394FE15765AC2CA1DD7203750D505B8EE38C1085EA266E582D791496F2D5AA919B068C019B903BD2CF1D2944F18B5E809BE63BDE451090752D04B5AA8E4791241DC3C5FD417881281723991839FCA7EC80745666F003EB8122793A4260C84CA475697FA81310AC96394515A45C287EB07739655704A71B15C15398E0673FDA89F937C71EEE9D9E4E415FEBEFF307EAB7FDA6D263BB8FDAD5EE93183619C712BB18DE1DCB683A11B78E19059F67C18C6EECC09132B98851EA8DCF24A20B715B57042E46D5AEFA458B8C3BFFE714FF4453801C413080D67C109DB004E4733DC20763C160F0387D943D7E4CE90CD0373E8C4AE33378CD8F2FD197D275CFD5E1F43BFC56E323AB866EC0449620C0366274337899321736733D866E084811F180CF1095CE7714A5AD84CF21CD79C797CC83DD0E3DA4494370B87A1E5DAC63C6489199041CB780CD5A668DC935CA7EC2A7BA013AC911B94D9AD889FCD8CB228288F92D3E10D5232D22EE8F9B4475DA69730F2C67411592F680A39B1E53AABD355967258896908BBBECDF0A98E2057A631CBC9136E2818423332289E444F45E00C9E4388EA97FA09A5960DFF69F70D4FD338A13B10215C7A7DBB226A5F8E8F28EFD83AE86E6E243566D8322B125919BC1F5C1D7937E47B29A51AD6C876D4507A45FEC3B4BC30704DD3366CCF750D1BF3E50C91ABD117AE693B8E69042EFE75CCC0531F88844C3F181A23079A125A7610586E105A8EA9BE10891D2D61F8A6E1DAB6EF78BE6FF8A1DF9245499EA0C2F7CCD0B62DD3305DCB741C38D10AB9234B90625694028CECD0F52D9354CFB17C0B5EAFCAD2D58A2D7028D31879816D5A0EFEF7BDD087BB9DA759D68B8A3FBC135CA451C857E91D2C0E84C0512ED3C6C9BAE4AA3B558426448D5C5A0DAB2E23B6A4F4153E1C894710865E00B6190E82BD3AF792EC11AC363D13E43A96EB5A9E1182B30F945238711147780565447685998D079762A030188B612C6859E0B2ED18BE43DC443892DF5C1725316953B8519B5E764B63C2954A7A75524154012CCD85D5811519A365EE76A6A0AA7EA95664952A56E2C793E6D2E998E738B60FAF0225028F6F91BF81FDD00C23F46CD7767DDB420A170436498495D0D8DE2781EB863EE6395033FC25462A0E3B0134C20B2D2495E034B92A5418ADD662656CE0C2FEA1301BDA18425940506819BE87F53674D9323C0394DA86E9F9065EF695D4321C0F1AEE3956E843DE3356A53887A8EA32D869C76A25C5CFEB02D2134C9271BBAA39F28BBB8E52F8A68EB4814E2C834DC11C1D22CE0B3D8FF49EECB6A3D208F1D2733DD89B6DF936A9DE3A87AA649026A910E643BA492AA49D484ED3D2BB95423835A20989E71A0605AF80055BFD6155857426D1DE1FFE8823927794279973DA4A3E23578BA18C29B9581AC1EEE992DC6FF3057E677C01423E7E82D6AD73A973BF091796737124B079C9F034344706D4178ECCB302DF0DCD009C15850DE478FA76728233220EC852AE39682AEC6BB761A88AE05B0D63CBF9F6D43E84D4215D90EA98A11BEEB60C8F7423B05DF9B76719DBBE67D33236FC79A77E0FFD74A7730FBD7CDF30B6BCF7AF6418D0EBD60CC4F31F5EEB29C8471B700E6239FCFCA24DE4AB7545FAA62C054EE406B9BCA8B3C9585A238E568CBC9E38760C788603086057006ED84C591D053EA86AC4E628009569CE6E2369A94D5CC9F975545DB0920A79D802455A148F11954FC27261AA789D00D2804BC08F1A5B348F228BA0679195E1CF659A83245D66179847001862F75319D4565ED824264D4011BF9ECEC05AB774CD671705AA6199B7A9D35E200754CF8065D463319FA7710AE04A70AE8DB1C23BE340C4E81972911E0F92623D13E52758A050AD860D458964B5799E31006C6D02AF5FE6C53516B943A5B55DB3DE2393BD37DD7B824AEE4D3F745DDB740D602140827E794EBE81F2EC594F6DB1BE2DA620C106BF6950C62ECB96E0A58D802FC04BCEA4E3D6D5394E5063DEA3C6BE1702BC1765339E512BE35F2436249D2BD24509957D532541694974C929FB2784E2DD74726F9AE6FDF80850C0E4D500F0C60F87AF00B30D5E83E793683CA0223F3A7F797A361910EE369946E3F3F377C7F8F66CF2FAF0189F1C1D9D7E38D745F595ACA1FEB1C2B5B08DD4EF16921362AB1890976A751B996E2445878403A2FBB82FC0B68506ABA0D1AD854CC820EDB0EEFB80A15416C2277568A802B00449495157BB49DA138EDA8F2421E0EF5F98EE8B81F6E7BF019E1891AA1C682FE8CF8BBFFEE9FEFB1760C5E32FEDF695800B3151FC9533ED27263EB1A1F7C4B4E376BF07747E78E415B1560024020093F2261FBD9BBB7BE259FB7117029F024396FF8C899047FC46E32176AAE09ED6FF2445E489940A12E3EEBF6AD89F047441814BB8C2CEF3756836B152B8B79D40F796371256FE54E058B055E3A9EB224B50DDA51CA9A8086A70D17DDBD8D853BD80277ADE1D37556663CFEED5B3EFBA5B3F36767FF8C933534192174824F27702247BE1023BA16CCFD27F365508D5D7158551CB19593E602517757C88520E598208C594D10CF4EB34C73778D86A3B89B1B828B208F948AE3A1F322BAF80E3500EF37168B9288DEDC0436966600FDBF361481543FDF1089AA38A59AA34458942790E91232A61B57C5DD37CB48164FD804F58A620692ABCE5EEBDC38B469F74ED20401D8F728B0A0C21521F40067847DA0CF911536BB492C04F6A5D891E0EA6504DDB8B506011C0EC92A1D492851EA58BD406207E0378B966A978A4B4EE120089100356269483E55409D251697942303E36D0A1BB27A447E91D2AC3A7ACF4F74965DAA470A7EE6FC17C0FBA01E80ECAEE41935E408977E446E87C029C8546EC780748A9EB26A25D450CA73EAF54252440494A9D2C5490BFC2560B95BC740DCF156A7612BDCCBA542B44B439DB5EF35BEA856A96265B939AEC626AE4FCB5EF03EB4F60420716F53BA75F3BFE8E66EA126DE43E8BA8D322C247D3FE62E863638B5D4487E6C8B102D707EC27FF150E4676CBDF20D7D7C6879A381F881EF9DB54EFD9495BA0750B69E9D43DDB6A1D11E9DD9047F5528387A8D8037B5AB2F29282D12367F045CDD632FE5C209B03AD6B316B304D2DE1ABFA42435DA651275914759B226810D1198541970859B21BE42802261583A6603DB58344DF541477F4ABC59E15E5726AFBA1685A89ED55D74C524C6717C38095C511DA6E94024A047210C9CEB9D475B50552E31E6930283A5DB33C7990D27428DD59B1A6C7273FD60F427132BCC7A3D8B321802842BE2E5D59D7D9BAD373D1B5864B13CD7E78402EBB000659610368C9067F2B00209FED3CC257CB1A72EFE659D4C293481826F6752FC09B9DAB74EDF28D85DA75A0C51B1D6A40B73BD76914A9BF88D951B3A547FD630054108D6458D2C6E43E05CA821ED891FE059290F45090BA6B9C97DE56565893EE59C0425EB68E4EA3B6BCF69F7FFD5BF30D7A8F4210EF65FBEA8A0BDAA40FD4378BAE76A9AFFB9F27D6EC4ABC8EB6DDEEE089459A7AB15B61A23AEA9AF0081AF98327E66F1697DD326309980E34566979A111FAA22DD22B5E69697DA0494DD75C0D363BD0C6D333CDD4BE1B34E6DFE765CED7F004599F954DCDDB6D355517372A3870A008D8E93A851B69DCB8AD7D472EF1C119206F6A1067BC46C7AB82D08D11E04579AD688E24889740622843D09155C5732B643C76E90E03DAD7483C224434D996D61D90A7CFB222BE24D5C1BA94EA9027A43B37E84BD023B97E00CBE2AE8DF0356D043647C859B62ED59864B825EC1F3491EE8B667A03558936BA82AD546B5C34C145222A9613777C7AE1269A15A28724FAF0F2A56AB276AF40866CD1B71F53862ABE6EB6EBBCB518C0A94B0678C91DF96E80BB1FE87DA182370C2C04065240B305B68624AC459BFA7C087D01D18B9B500D8F206C714D099200909F532B92D26174A9C2918794D933805807A609E73143072A8966947BCFD609AE289014B0BC588296EB9A58F844B6507F837EEA737647E934C2E7A8AB5DED417045A298E3D72305ED8320B50931F692A4DFFF3258173720B3FFA1DB554DD404D13BB2C12E5DFAFFE51BF8C4C72FDFA8A02DFCE59EA9EAB75EFADAAA815AB10907DD5DDB936E640E4414CE5F66743B02055D02E539130EBD7FCFB22DC33A0C0831E3A972519E7A17ECFCAC371A4144776B1396A600A91E38F46D543E76C3694F0CB627156236B8BFA1132D9D1B80D2F352BA279ED9A314F7F30875107933B92DC5CC9DB5F7F312BB27D4B94D6CABEDB8DD4AD1F10F4F32D5395D51B9855B7E25FE35E14E1AEF8C5A86AA32C3CDD176144D2BCAD3DA571BBF7B955BF345BF7C5393440DD7FC403A88824EFDB8B2D01B914B6FDE859463CD65C80CF7ADD467AB751DC58020D4A549F9212E2C6C5F2C682E4B6CD49C5407A339DA34EF7A05FAC7FD6AD0B2B8692F2A207D43BA4E5E1122C0F522F14476B90625C054684012D72691C4E2FDAEEA5192992E905D638204CAC83DAA3BF59DA872DC19C13E5D25F6FEF408D7778F0E714F7C723E3D3C1E4F27748DB329CA4E0A4DDE1AD3443FF3A08F2C0013F0B5EFB4B4D2DABB29DABC2C96749B43C305265C8D4399222E78D082B28A6B2B8F4FC221015FEADAD57227C904AA1B8B758D0821F8A4EF8523C2FE1ABAE9BE1D365DE55994137C427C15B090E82A44FC26550DD815AE8C7C05CBBD6099FABAE9A69304DBEEB914A8687537C215F82C3D4BA4568C62068663DCF1BAC0E5332A4100B3F4337FDC91496F5A0D682FBDA8C9D42B8FC870E5C07F0139F9F44C',X'D41798768ECA5A1D0DFF18672C65753D2ECBC93B993DCE88CBA45E8953E19361');
CREATE TABLE decision_columns (
  seq    INTEGER NOT NULL,
  id     TEXT NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (seq, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "decision_columns" VALUES(6,'56451b6e-e6e4-53e4-a6b9-92530f9ad18d',X'0600000000000000007CE2F606610600D5AC2E19EDF70CAF535059000000000000000000000000000100000000000000000000000000000000000000000000000000000000000008400166666666666621400100000000000000400000000000805440015555555555D55440ABAAAAAAAAAA3040010101000000000000F87F01000000000000F87F01000000000000F87F010000000000000000F87F000000000000000000000000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE journal (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  payload TEXT NOT NULL,
  hash    BLOB NOT NULL
) STRICT;
INSERT INTO "journal" VALUES(1,1795532400000000,'rules','{"kind":"rules","seq":1,"at":"2026-11-24T15:00:00Z","toml":"[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\napproval_above_contracts = 1000\napproval_above_premium = 1e9\ndelta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n","author":"start"}',X'A4C979884A494C47332FF100826480D895B86C574418B0361E1C3E6283FC4CFC');
INSERT INTO "journal" VALUES(2,1795532400000000,'received','{"kind":"received","seq":2,"at":"2026-11-24T15:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","body":"{\"meta\": {\"engine\": \"SATY_PO\", \"engine_version\": \"2.0.0\", \"event_id\": \"saty_spy_15_1795532400\", \"event_type\": \"REGIME_PHASE_ENTRY\", \"generated_at\": \"2026-11-24T15:00:00Z\"}, \"instrument\": {\"symbol\": \"SPY\", \"exchange\": \"AMEX\", \"asset_class\": \"ETF\", \"session\": \"REGULAR\"}, \"timeframe\": {\"chart_tf\": \"15\", \"event_tf\": \"15M\", \"bar_close_time\": \"2026-11-24T15:00:00Z\"}, \"event\": {\"name\": \"ENTER_MARKUP\", \"description\": \"phase change\", \"event_priority\": 8}, \"oscillator_state\": {\"value\": 61.8, \"previous_value\": 48.2, \"velocity\": \"INCREASING\"}, \"regime_context\": {\"local_bias\": \"BULLISH\", \"htf_bias\": {\"tf\": \"60\", \"bias\": \"BULLISH\", \"osc_value\": 52.3}, \"macro_bias\": {\"tf\": \"240\", \"bias\": \"BULLISH\"}, \"volatility_state\": \"NORMAL\"}, \"confidence\": {\"raw_strength\": 0.8, \"htf_alignment\": true, \"confidence_score\": 82.0}, \"execution_guidance\": {\"trade_allowed\": true, \"allowed_directions\": [\"LONG\"]}, \"risk_hints\": {\"avoid_if\": [\"LOW_VOLUME\"], \"time_decay_minutes\": 60, \"cooldown_tf\": \"15\"}, \"audit\": {\"source\": \"tradingview\", \"deduplication_key\": \"saty_spy_15_1795532400\"}}","endpoint":"/api/webhooks"}',X'5E0A6FA54ED0D3151BBAD32C03DF2D198BF0746E408422743F841FEB9A7819BD');
INSERT INTO "journal" VALUES(3,1795532400000000,'received','{"kind":"received","seq":3,"at":"2026-11-24T15:00:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","body":"{\"id\": \"dots_spy_15_1795532400\", \"ticker\": \"SPY\", \"exchange\": \"AMEX\", \"timestamp\": \"2026-11-24T15:00:00Z\", \"timenow\": \"2026-11-24T15:00:00Z\", \"price\": 450.0, \"timeframes\": {\"tf3min\": {\"direction\": \"bearish\", \"close\": 450.0}, \"tf5min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf15min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf30min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf60min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf240min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf1week\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf1month\": {\"direction\": \"bullish\", \"close\": 450.0}}}","endpoint":"/api/webhooks"}',X'32FB8BC482276F688ECC18B22C012158A8CE16A056ACECC0B2C1B32D8EA933E8');
INSERT INTO "journal" VALUES(4,1795532400000000,'received','{"kind":"received","seq":4,"at":"2026-11-24T15:00:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","body":"{\"id\": \"strat_spy_15_1795532400\", \"symbol\": \"SPY\", \"exchange\": \"AMEX\", \"timeframe\": \"15\", \"timenow\": \"2026-11-24T15:00:00Z\", \"price\": 450.0, \"setup_valid\": true, \"liquidity_ok\": true, \"quality\": \"A\", \"pattern\": \"2-1-2 CONTINUATION\"}","endpoint":"/api/webhooks"}',X'F0B503D5F11958F72889BC8F99C011F205F8CC83C0AE569179EC71328A3FC138');
INSERT INTO "journal" VALUES(5,1795532400000000,'received','{"kind":"received","seq":5,"at":"2026-11-24T15:00:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","body":"{\"id\": \"signal_spy_15_1795532400\", \"timenow\": \"2026-11-24T15:00:00Z\", \"signal\": {\"type\": \"LONG\", \"timeframe\": \"15\", \"quality\": \"HIGH\", \"ai_score\": 8.7, \"bar_time\": \"2026-11-24T14:45:00Z\"}, \"instrument\": {\"ticker\": \"SPY\", \"exchange\": \"AMEX\", \"current_price\": 450.0}, \"entry\": {\"price\": 450.0, \"stop_loss\": 448.2, \"target_1\": 452.7, \"target_2\": 454.5}, \"risk\": {\"rr_ratio_t1\": 1.5, \"rr_ratio_t2\": 2.5}, \"market_context\": {\"volume_vs_avg\": 1.2, \"atr\": 0.9}, \"trend\": {\"alignment\": \"BULLISH\", \"strength\": 78}, \"mtf_context\": {\"4h_bias\": \"LONG\", \"1h_bias\": \"LONG\"}, \"components\": [\"STRAT\", \"TREND\", \"VWAP\"]}","endpoint":"/api/webhooks"}',X'5B8733679666C65CFDBB49EC0D77504B0E6FCA58132AB92E275766F5531A960E');
INSERT INTO "journal" VALUES(6,1795532400000000,'market','{"kind":"market","seq":6,"at":"2026-11-24T15:00:00Z","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","snapshot":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","price":null,"bid":null,"ask":null,"bid_size":null,"ask_size":null,"spread_bps":null,"depth_score":null,"atr14":null,"rsi14":null,"rv20":null,"volume_ratio":null,"trend_slope":null,"put_call_ratio":null,"iv_percentile":null,"gamma_bias":null,"max_pain":null,"assumed":["spread_bps","depth_score","atr14"],"proxied":null,"feeds":{},"ages":{}},"chain":null}',X'17FB0C476E793ED19AC052558C60239A627054EBC23224D5295D43F064C7FD4F');
INSERT INTO "journal" VALUES(7,1795532460000000,'tick','{"kind":"tick","seq":7,"at":"2026-11-24T15:01:00Z"}',X'9AF7EC2AA6EEB2DE54455A1D88A27D861B2F1A8F24A41431219B61D1D9814B5B');
INSERT INTO "journal" VALUES(8,1795532520000000,'tick','{"kind":"tick","seq":8,"at":"2026-11-24T15:02:00Z"}',X'CB3CD25E154E1CE5CA7F8F3EDA4AFB5F0429E60BE99641896BE343AA5CAADC82');
CREATE TABLE ledger_entries (
  id                 TEXT NOT NULL,
  created_at         INTEGER NOT NULL,
  seq                INTEGER NOT NULL,
  engine_version     TEXT NOT NULL,
  rules_fingerprint  TEXT NOT NULL,
  signal_id          TEXT NOT NULL,
  receipt_id         TEXT NOT NULL,
  supersedes         TEXT,
  position_id        TEXT,
  symbol             TEXT NOT NULL,
  source             TEXT NOT NULL,
  timeframe          INTEGER,
  quality            TEXT NOT NULL,
  decision           TEXT NOT NULL,
  direction          TEXT,
  proposed_direction TEXT NOT NULL,
  confidence         REAL NOT NULL,
  code               TEXT,
  confluence_score   REAL,
  signal             TEXT NOT NULL,
  decision_breakdown TEXT NOT NULL,
  regime             TEXT,
  inputs             TEXT NOT NULL,
  execution          TEXT,
  exit               TEXT,
  hypothetical       TEXT,
  PRIMARY KEY (id, created_at)
) STRICT;
INSERT INTO "ledger_entries" VALUES('56451b6e-e6e4-53e4-a6b9-92530f9ad18d',1795532400000000,6,'4','864cf29aec51','51c48dd0-8a3d-5dcd-a5bb-d88498780ace','aeae2d30-f338-5869-a23f-9c5b49d28b96',NULL,'058c46ac-84a3-51e4-af81-4c54f00c277b','SPY','TRADINGVIEW_SIGNAL',15,'HIGH','EXECUTE','LONG','LONG',83.3,NULL,97.0,'{"id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","source":"TRADINGVIEW_SIGNAL","symbol":"SPY","timeframe":15,"quality":"HIGH","direction":"LONG","facts":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]}}','{"verdict":{"action":"EXECUTE","direction":"LONG","proposed_direction":"LONG","confidence":83.3},"gates":{"regime":{"passed":true,"score":82.0,"reason":"Phase 2 MARKUP allows LONG (82)","evidence":{"phase":2,"direction":"LONG","confidence":82.0,"bias":"LONG","min_confidence":50.0}},"structural":{"passed":true,"score":91.42857142857142,"reason":"High AI score (8.7)","evidence":{"valid_setup":true,"liquidity_ok":true,"grade":"A","ai_score":8.7,"min_ai_score":6.0,"assumed":false}},"market":{"passed":true,"score":70.0,"reason":"Spread, volatility and depth are tradable","evidence":{"spread_bps":5.0,"max_spread_bps":12.0,"atr_pct":1.0,"atr_origin":"assumed","max_atr_pct":2.5,"depth_score":70.0,"min_depth":30.0,"session":"OPEN","gamma_bias":null,"assumed":["spread_bps","depth_score","atr14"],"parts":{"spread":95.0,"atr":90.0,"depth":70.0}}}},"components":[{"name":"regime","weight":0.3,"value":82.0,"reason":""},{"name":"expert","weight":0.25,"value":82.85714285714285,"reason":""},{"name":"alignment","weight":0.2,"value":91.66666666666667,"reason":""},{"name":"market","weight":0.15,"value":70.0,"reason":""},{"name":"structural","weight":0.1,"value":91.42857142857142,"reason":""}],"completeness":0.8,"reasons":[{"code":"VOLATILITY_ESTIMATED","text":"No option quote: volatility 12.7 % is estimated from VIX 16.00, assumed","tone":"neutral"},{"code":"CONFIDENT","text":"Confidence 83.3 ≥ 70","tone":"positive"},{"code":"REGIME_ALLOWS","text":"Phase 2 MARKUP allows LONG (82)","tone":"positive"},{"code":"HIGH_SCORE","text":"High AI score (8.7)","tone":"positive"},{"code":"GRADE_A","text":"Execution grade A","tone":"positive"},{"code":"MARKET_ASSUMED","text":"Assumed, as no feed gives it: spread 5 bps, ATR 1 %, depth 70","tone":"neutral"},{"code":"ALIGNED","text":"Timeframes aligned with LONG (83 %)","tone":"positive"}],"blocks":[],"size":{"factors":{"confluence":2.5,"quality":1.1,"htf_alignment":1.3,"rr":0.85,"volume":1.0,"trend":1.0,"session":0.9,"day":1.1,"phase_confidence_boost":1.2,"phase_position_boost":1.1,"trend_boost":1.45,"phase":1.0,"volatility":1.0},"raw":5.758005825000001,"final":3.0,"skip":false,"confluence":97.0},"count":{"contracts":8,"planned_loss":89.6124606288117,"bound_by":"budget"},"contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"trigger":"signal","approval_id":null,"notes":[{"code":"VOLATILITY_ESTIMATED","text":"No option quote: volatility 12.7 % is estimated from VIX 16.00, assumed","tone":"neutral"}],"strategy":null,"option":null}','{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"}','{"context":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","session":"OPEN","price":450.0,"regime":{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"},"alignment":{"states":{"3":"SHORT","5":"LONG","15":"LONG","30":"LONG","60":"LONG","240":"LONG","W":"LONG","M":"LONG"},"bullish_pct":83.33333333333333,"bearish_pct":16.666666666666668},"expert":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]},"structure":{"valid_setup":true,"liquidity_ok":true,"execution_quality":"A","pattern":"2-1-2 CONTINUATION"},"timeframe":15,"directions":{"15":"LONG"},"conflict":null,"completeness":0.8,"provenance":{"regime":{"source":"SATY_PHASE","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T16:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","timeframe":15},"alignment":{"source":"MTF_DOTS","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","timeframe":null},"structure":{"source":"STRAT_EXEC","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","timeframe":15},"expert":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15},"direction:15":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15}}},"market":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","price":null,"bid":null,"ask":null,"bid_size":null,"ask_size":null,"spread_bps":null,"depth_score":null,"atr14":null,"rsi14":null,"rv20":null,"volume_ratio":null,"trend_slope":null,"put_call_ratio":null,"iv_percentile":null,"gamma_bias":null,"max_pain":null,"assumed":["spread_bps","depth_score","atr14"],"proxied":null,"feeds":{},"ages":{}}}','{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""}',NULL,NULL);
CREATE TABLE marks (
  n           INTEGER PRIMARY KEY,
  position_id TEXT NOT NULL,
  at          INTEGER NOT NULL,
  payload     TEXT NOT NULL
) STRICT;
INSERT INTO "marks" VALUES(1,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532400000000,'{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
INSERT INTO "marks" VALUES(2,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532460000000,'{"at":"2026-11-24T15:01:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.1269644378494412,"years":0.009635357326668838,"carry_years":0.008559741248097413,"mid":2.3148451692240144,"delta":0.5134435300951009,"gamma":0.07109431437920763,"theta":-0.47820608493016703,"vega":0.17612046241642976,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":-0.036420766966216434,"theta":-0.09420656589327336,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
INSERT INTO "marks" VALUES(3,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532520000000,'{"at":"2026-11-24T15:02:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12694374562239957,"years":0.009627387634918078,"carry_years":0.008557838660578387,"mid":2.313538514725451,"delta":0.5134459806656103,"gamma":0.07113531340018436,"theta":-0.4783198922784133,"vega":0.17604757363012238,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":-0.03643570479425762,"theta":-0.09422974506207993,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('engine_id','station');
INSERT INTO "meta" VALUES('streamed_after','0');
CREATE TABLE notes (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  at          INTEGER NOT NULL,
  position_id TEXT,
  day         TEXT,
  text        TEXT NOT NULL,
  tags        TEXT NOT NULL,
  author      TEXT NOT NULL,
  removed     INTEGER NOT NULL,
  search      TEXT NOT NULL
) STRICT;
CREATE TABLE path_bars (
  seq            INTEGER PRIMARY KEY,
  began          INTEGER NOT NULL
) STRICT;
CREATE TABLE paths (
  seq            INTEGER PRIMARY KEY,
  at             INTEGER NOT NULL,
  symbol         TEXT NOT NULL,
  price          REAL NOT NULL,
  priced_at      INTEGER NOT NULL,
  source         TEXT NOT NULL,
  open           REAL,
  high           REAL,
  low            REAL,
  official_close INTEGER NOT NULL,
  quotes         TEXT
) STRICT;
CREATE TABLE positions (
  id          TEXT PRIMARY KEY,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  closed_at   INTEGER,
  state       TEXT NOT NULL,
  payload     TEXT NOT NULL
) STRICT;
INSERT INTO "positions" VALUES('058c46ac-84a3-51e4-af81-4c54f00c277b','56451b6e-e6e4-53e4-a6b9-92530f9ad18d','SPY',1795532400000000,NULL,'OPEN','{"id":"058c46ac-84a3-51e4-af81-4c54f00c277b","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","symbol":"SPY","direction":"LONG","contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"timeframe":15,"opened_at":"2026-11-24T15:00:00Z","levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"stop":448.2,"entry":{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""},"remaining":8,"last":{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"legs":[],"running":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"mfe":0.0,"mae":0.0,"state":"OPEN","pending":null,"first":{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"stop_since":null,"strategy":null,"suspended":null,"ex_dates":[],"dividends_paid":0.0,"close_unavailable":null,"first_after":null,"by_feed":false,"new_shares":1.0,"split_on":null}');
CREATE TABLE receipts (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  status       TEXT NOT NULL,
  http_status  INTEGER NOT NULL,
  source       TEXT,
  symbol       TEXT,
  endpoint     TEXT,
  code         TEXT,
  reason       TEXT,
  duplicate_of TEXT,
  notes        TEXT
) STRICT;
INSERT INTO "receipts" VALUES(2,'e951ac44-08d9-520e-a601-8b81c3c2f405',1795532400000000,'accepted',200,'SATY_PHASE','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(3,'5f9fa005-c647-5b70-a1dd-936ee236f3c1',1795532400000000,'accepted',200,'MTF_DOTS','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(4,'4d433bee-300e-5ab5-ae88-d8f5ea0bbded',1795532400000000,'accepted',200,'STRAT_EXEC','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(5,'aeae2d30-f338-5869-a23f-9c5b49d28b96',1795532400000000,'accepted',200,'TRADINGVIEW_SIGNAL','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
CREATE TABLE risk_events (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  code        TEXT NOT NULL,
  cleared     INTEGER NOT NULL,
  position_id TEXT,
  text        TEXT NOT NULL
) STRICT;
CREATE TABLE rules_versions (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  name        TEXT NOT NULL,
  author      TEXT NOT NULL,
  toml        TEXT NOT NULL
) STRICT;
INSERT INTO "rules_versions" VALUES(1,1795532400000000,'864cf29aec51','default','start','[risk]
open_positions = 90
per_symbol = 90
symbol_premium = 1e6
daily_loss = 1e6
losses_in_a_row = 90
approval_above_contracts = 1000
approval_above_premium = 1e9
delta_accounts = 1e6
gamma_accounts = 1e6
vega_pct = 1e6
theta_pct = 1e6
');
CREATE TABLE stream_events (
  seq     INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  symbol  TEXT,
  key     TEXT NOT NULL,
  payload TEXT,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
INSERT INTO "stream_events" VALUES(6,0,'decision','SPY','56451b6e-e6e4-53e4-a6b9-92530f9ad18d',NULL);
INSERT INTO "stream_events" VALUES(6,1,'fill','SPY','058c46ac-84a3-51e4-af81-4c54f00c277b','{"id":"058c46ac-84a3-51e4-af81-4c54f00c277b","seq":6,"at":"2026-11-24T15:00:00Z","position_id":"058c46ac-84a3-51e4-af81-4c54f00c277b","decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","symbol":"SPY","direction":"LONG","timeframe":15,"contract":"SPY 450C 11/27","occ":"SPY261127C00450000","contracts":8,"price":2.34,"levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"execution":{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""}}');
CREATE TABLE suggestions (
  seq    INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  id     TEXT NOT NULL,
  status TEXT NOT NULL,
  author TEXT NOT NULL,
  text   TEXT NOT NULL
) STRICT;
CREATE TABLE trades (
  seq          INTEGER NOT NULL,
  id           TEXT PRIMARY KEY,
  position_id  TEXT NOT NULL,
  symbol       TEXT NOT NULL,
  direction    TEXT,
  contract     TEXT NOT NULL,
  occ          TEXT,
  setup        TEXT,
  state        TEXT NOT NULL,
  timeframe    INTEGER,
  quality      TEXT NOT NULL,
  confidence   REAL NOT NULL,
  opened_at    INTEGER NOT NULL,
  opened_day   TEXT,
  closed_at    INTEGER,
  closed_day   TEXT,
  contracts    INTEGER NOT NULL,
  entry_price  REAL NOT NULL,
  exit_price   REAL,
  hold_seconds REAL,
  r            REAL,
  net          REAL,
  reason       TEXT,
  mae          REAL,
  mfe          REAL,
  stale        INTEGER NOT NULL,
  cuts         TEXT NOT NULL,
  tags         TEXT NOT NULL,
  search       TEXT NOT NULL
) STRICT;
INSERT INTO "trades" VALUES(6,'56451b6e-e6e4-53e4-a6b9-92530f9ad18d','058c46ac-84a3-51e4-af81-4c54f00c277b','SPY','LONG','SPY 450C 11/27','SPY261127C00450000','2-1-2 CONTINUATION','OPEN',15,'HIGH',83.3,1795532400000000,'2026-11-24',NULL,NULL,8,2.34,NULL,NULL,NULL,NULL,NULL,0.0,0.0,0,'{}','','spy long spy 450c 11/27 2-1-2 continuation open high');
CREATE UNIQUE INDEX receipts_id ON receipts (id);
CREATE INDEX receipts_refused ON receipts (status, seq) WHERE status <> 'accepted';
CREATE INDEX ledger_newest ON ledger_entries (seq DESC, id DESC);
CREATE INDEX ledger_created ON ledger_entries (created_at DESC);
CREATE INDEX ledger_decision ON ledger_entries (decision, seq DESC, id DESC);
CREATE INDEX ledger_confidence ON ledger_entries (confidence DESC, seq DESC, id DESC);
CREATE INDEX ledger_trades ON ledger_entries (seq DESC, id DESC) WHERE execution IS NOT NULL;
CREATE INDEX positions_open ON positions (opened_at) WHERE closed_at IS NULL;
CREATE INDEX trades_newest ON trades (seq DESC, id DESC);
CREATE INDEX trades_position ON trades (position_id);
CREATE UNIQUE INDEX notes_id ON notes (id);
CREATE INDEX notes_position ON notes (position_id) WHERE position_id IS NOT NULL;
CREATE INDEX notes_day ON notes (day) WHERE day IS NOT NULL;
CREATE INDEX marks_of_position ON marks (position_id, n);
CREATE INDEX approvals_newest ON approvals (seq DESC, id DESC);
CREATE INDEX risk_events_newest ON risk_events (seq DESC, id DESC);
CREATE TRIGGER journal_follows BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN
  SELECT RAISE(ABORT, 'the seq does not follow the last one of the journal');
END;
COMMIT;
PRAGMA application_id = 1734440037;
PRAGMA user_version = 8;
