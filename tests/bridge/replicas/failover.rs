//! Another server takes the place of the one that was the store: a replica that is promoted, and nodes of a cluster.

use super::*;

#[test]
fn p6_a_replica_that_is_promoted_is_the_store_from_then_on() {
    let (Some(old), Some(new)) = (Redis::start(), Redis::start()) else { return };
    new.say(&format!("REPLICAOF 127.0.0.1 {}", old.port));
    let way = SlowWay::to(old.port);
    let bot = Bot::answering(|asked| match &*asked.content() {
        "느린 말" => bot::words("늦은 답").after(ms(1200)),
        other => buttons(&format!("{other}의 답"), &["가", "나"]),
    });
    let own = [("bots.default.deadline", "1s"), ("callback.after", "900ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &way.url(), &own));
    one.say(&words("u", "가"));
    let waits = one.say(&words("late", "느린 말"));
    settled(&one);
    eventually("the replica has it", || {
        new.keys("smartchat:*:s") == 2 && old.say("WAIT 1 1000") == ::redis::Value::Int(1)
    });
    // A failover: the new one is a master, the old one its replica, and the name leads to the new one.
    new.say("REPLICAOF NO ONE");
    old.say(&format!("REPLICAOF 127.0.0.1 {}", new.port));
    assert_eq!(one.say(&words("v", "나")).text(), "나의 답");
    eventually("it is left alone", || one.metric("bridge_store_up") == 0.0 && two.metric("bridge_store_up") == 0.0);
    assert_eq!(one.readiness()["shared_store"]["trouble"], "readonly");
    way.leads_to(new.port);
    eventually("it is asked", || one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0);
    // What was before, what was meanwhile, and what was promised: known at the replica that did not see it.
    assert_eq!(two.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(two.say(&words("v", "아무 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(two.say(&Say::press(&key("late"), &waits.late().unwrap())).text(), "늦은 답");
    // Replicas hear of each other through the new one.
    let (first, second) = together(|| one.say(&words("w", "가")), || two.say(&words("w", "나")));
    assert!(first.text() == "가의 답" && second.text() == "나의 답", "{first:?} {second:?}");
    assert_eq!(bot.met(), 0);
}

/// Three nodes that are one store.
fn cluster() -> Option<[Redis; 3]> {
    let node = || Redis::with(&["--cluster-enabled", "yes"]);
    let nodes = [node()?, node()?, node()?];
    for (node, slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        node.say(&format!("CLUSTER ADDSLOTSRANGE {slots}"));
        node.say(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port));
    }
    let knows_all = |node: &Redis| {
        let ::redis::Value::BulkString(info) = node.say("CLUSTER INFO") else { panic!("no text") };
        let info = String::from_utf8(info).unwrap();
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    eventually("the nodes are one", || nodes.iter().all(knows_all));
    Some(nodes)
}

#[test]
fn a_cluster_of_three_nodes_is_one_store_and_a_slot_that_moves_is_followed() {
    let Some(nodes) = cluster() else { return };
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let [one, two] = [(); 2].map(|()| replica(&bot, &nodes[0].url(), &[]));
    for number in 0..30 {
        let user = format!("u{number}");
        assert_eq!(one.say(&words(&user, "가")).text(), "가의 답");
    }
    settled(&one);
    for number in 0..30 {
        let user = format!("u{number}");
        assert_eq!(two.say(&words(&user, "아무 말")).text(), "원하는 버튼을 선택하세요");
    }
    let counts: Vec<usize> = nodes.iter().map(|node| node.keys("smartchat:*:s")).collect();
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    // The slot of somebody new moves to another node.
    let tag = format!("smartchat:{{default/{}}}:s", key("new"));
    let ::redis::Value::Int(slot) = nodes[0].say(&format!("CLUSTER KEYSLOT {tag}")) else { panic!("no slot") };
    let from = if slot <= 5460 {
        0
    } else if slot <= 10922 {
        1
    } else {
        2
    };
    let to = (from + 1) % 3;
    let ::redis::Value::BulkString(id) = nodes[to].say("CLUSTER MYID") else { panic!("no id") };
    for node in [&nodes[to], &nodes[from], &nodes[(from + 2) % 3]] {
        node.say(&format!("CLUSTER SETSLOT {slot} NODE {}", String::from_utf8(id.clone()).unwrap()));
    }
    assert_eq!(one.say(&words("new", "가")).text(), "가의 답");
    settled(&one);
    assert_eq!(two.say(&words("new", "아무 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!((one.metric("bridge_store_up"), two.metric("bridge_store_up")), (1.0, 1.0));
    assert_eq!(nodes[to].keys(&tag.replace(['{', '}'], "?")), 1);
}

#[test]
fn a_cluster_whose_node_dies_goes_on_with_the_nodes_replica() {
    let Some(mut nodes) = cluster() else { return };
    let Some(spare) = Redis::with(&["--cluster-enabled", "yes"]) else { return };
    let text = |node: &Redis, command: &str| ::redis::from_redis_value::<String>(node.say(command)).unwrap();
    let id = |node: &Redis| text(node, "CLUSTER MYID");
    let info = |node: &Redis, command: &str, words: &str| text(node, command).contains(words);
    spare.say(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port));
    let dies = id(&nodes[2]);
    eventually("the spare knows it", || {
        info(&spare, "CLUSTER NODES", &dies) && info(&nodes[0], "CLUSTER NODES", &id(&spare))
    });
    eventually("it is a replica", || spare.try_say(&format!("CLUSTER REPLICATE {dies}")).is_some());
    eventually("it has all", || info(&spare, "INFO replication", "master_link_status:up"));
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let [one, two] = [(); 2].map(|()| replica(&bot, &nodes[0].url(), &[]));
    for number in 0..12 {
        assert_eq!(one.say(&words(&format!("u{number}"), "가")).text(), "가의 답");
    }
    settled(&one);
    eventually("the spare has them", || nodes[2].keys("smartchat:*:s") == spare.keys("smartchat:*:s"));
    assert!(nodes[2].keys("smartchat:*:s") > 0);
    nodes[2].kill();
    // Users of the other nodes and of the dead one are answered meanwhile.
    assert_eq!(two.say(&words("u0", "가")).text(), "가의 답");
    spare.say("CLUSTER FAILOVER TAKEOVER");
    eventually("the others know", || nodes[..2].iter().all(|node| info(node, "CLUSTER INFO", "cluster_state:ok")));
    // While the cluster is in pieces the store falls again and again, and each time it is asked later: after up to 64 good
    // answers in a row, which take a busy machine half a minute.
    until_at_most(3 * PATIENCE, "it is asked", || {
        (one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0).then_some(())
    });
    eventually("all users are known at both", || {
        (0..12).all(|number| two.say(&words(&format!("u{number}"), "아무 말")).text() == "원하는 버튼을 선택하세요")
    });
}
